"""Camera trouble in the browser: what each error means and how it is fixed.

The names are those of `getUserMedia` (W3C Media Capture and Streams, 10.3.1), with `Insecure` where
the browser offers no camera at all.
"""

from dataclasses import dataclass
from typing import Any

INSECURE = "Insecure"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Trouble:
    """What is wrong, in a few words, and its fix, in one sentence; "{address}" in it is where the
    studio is on the machine that runs it."""

    what: str
    fix: str

    def text(self, address: str) -> str:
        """Both, for the person at the screen."""
        return f"{self.what}. {self.fix.format(address=address)}"


TROUBLES = {
    INSECURE: Trouble(
        "This address is not secure",
        "Browsers give the camera only to http://localhost and to HTTPS: open Mudra at "
        "{address} on the machine that runs it, or put HTTPS before it.",
    ),
    "NotAllowedError": Trouble(
        "The browser was not allowed to use the camera",
        "Click the camera or lock beside the address, allow the camera and reload the page; where "
        "that does not help, allow the browser the camera in the system's privacy settings.",
    ),
    "NotFoundError": Trouble(
        "No camera was found",
        "Plug a camera in or switch on the built-in one (some laptops have a key or a slider for "
        "it), then test again.",
    ),
    "NotReadableError": Trouble(
        "The camera is in use or does not answer",
        "Close the program that is using it (a video call, another tab), or unplug it and plug it "
        "in again, then test again.",
    ),
    "OverconstrainedError": Trouble(
        "The camera cannot deliver the picture that was asked for",
        "Choose a smaller size and fewer frames a second in the camera settings, or another "
        "camera, then press START again.",
    ),
    "SecurityError": Trouble(
        "The browser's settings forbid the camera",
        "Open Mudra directly rather than inside another page, and ask whoever manages this "
        "browser to allow the camera for it.",
    ),
    "AbortError": Trouble(
        "The camera stopped while it was being opened",
        "Unplug the camera and plug it in again, or restart the browser, then test again.",
    ),
    UNKNOWN: Trouble(
        "The camera could not be opened",
        "Restart the browser, or try another one, then test again.",
    ),
}


@dataclass(frozen=True)
class Advice:
    """What the browser's report comes to.

    Attributes:
        kind: "ok", "wait" (nothing was tried yet) or "trouble".
        text: for the person at the screen; nothing of the browser's own words is in it.
    """

    kind: str
    what: str
    fix: str = ""


def advice_on(report: dict[str, Any], address: str) -> Advice:
    """Say what a browser's report means.

    Args:
        report: secure (whether the browser offers a camera), cameras (how many it lists),
            permission ("granted", "denied", "prompt" or ""), tried, and error (its name, "" for
            none). What is missing or of another kind counts as unknown: it is untrusted input.
        address: the studio's, on the machine that runs it.
    """
    if report.get("secure") is False:
        return _of(INSECURE, address)
    error = report.get("error")
    if error:
        return _of(error if isinstance(error, str) else UNKNOWN, address)
    if report.get("tried") is True:
        return Advice("ok", "The camera works.")
    if report.get("permission") == "denied":
        return _of("NotAllowedError", address)
    if report.get("cameras") == 0:
        return _of("NotFoundError", address)
    return Advice("wait", "A camera is there.", "Press “Test the camera” to see whether it opens.")


def _of(name: str, address: str) -> Advice:
    trouble = TROUBLES.get(name, TROUBLES[UNKNOWN])
    return Advice("trouble", f"{trouble.what}.", trouble.fix.format(address=address))
