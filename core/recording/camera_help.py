"""Camera problems in the browser: what each error means and how to fix it.

The names are those of `getUserMedia` (W3C Media Capture and Streams, 10.3.1), with `Insecure` where
the browser offers no camera at all.
"""

from dataclasses import dataclass
from typing import Any

from core.words import mark, words

INSECURE = "Insecure"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class CameraProblem:
    """A problem in a few words and its fix in one sentence, in which "{address}" is replaced by the
    studio's address on the machine that runs it."""

    problem: str
    fix: str

    def text(self, address: str) -> str:
        """Problem and fix, for the user."""
        return words(
            "{problem}. {fix}", problem=words(self.problem), fix=words(self.fix, address=address)
        )


CAMERA_PROBLEMS = {
    INSECURE: CameraProblem(
        mark("This address is not secure"),
        mark(
            "Browsers give the camera only to http://localhost and to HTTPS: open Mudra at "
            "{address} on the machine that runs it, or put HTTPS before it."
        ),
    ),
    "NotAllowedError": CameraProblem(
        mark("The browser was not allowed to use the camera"),
        mark(
            "Click the camera or lock beside the address, allow the camera and reload the page; "
            "where that does not help, allow the browser the camera in the system's privacy "
            "settings."
        ),
    ),
    "NotFoundError": CameraProblem(
        mark("No camera was found"),
        mark(
            "Plug a camera in or switch on the built-in one (some laptops have a key or a slider "
            "for it), then try again."
        ),
    ),
    "NotReadableError": CameraProblem(
        mark("The camera is in use or does not answer"),
        mark(
            "Close the program that is using it (a video call, another tab), or unplug it and plug "
            "it in again, then try again."
        ),
    ),
    "OverconstrainedError": CameraProblem(
        mark("The camera cannot deliver the picture that was asked for"),
        mark(
            "Choose a smaller size and fewer frames per second in the camera settings, or another "
            "camera, then try again."
        ),
    ),
    "SecurityError": CameraProblem(
        mark("The browser's settings forbid the camera"),
        mark(
            "Open Mudra directly rather than inside another page, and ask the person who manages "
            "this browser to allow the camera for it."
        ),
    ),
    "AbortError": CameraProblem(
        mark("The camera stopped while it was being opened"),
        mark("Unplug the camera and plug it in again, or restart the browser, then try again."),
    ),
    UNKNOWN: CameraProblem(
        mark("The camera could not be opened"),
        mark("Restart the browser, or try another one."),
    ),
}


@dataclass(frozen=True)
class CameraDiagnosis:
    """What a browser's report means, for the user; none of the browser's own text is in it. `kind`
    is "ok", "wait" (nothing was tried yet) or "trouble"."""

    kind: str
    problem: str
    fix: str = ""


def diagnose_camera(report: dict[str, Any], address: str) -> CameraDiagnosis:
    """Diagnose from a browser's report why its camera doesn't work, or that it works or hasn't been
    tried yet.

    Args:
        report: secure (whether the browser offers a camera), cameras (how many it lists),
            permission ("granted", "denied", "prompt" or ""), tried, and error (its name or "").
            Missing values and other types count as unknown: it is untrusted input.
        address: the studio's, on the machine that runs it.
    """
    error = report.get("error")
    if report.get("secure") is False:
        error = INSECURE
    elif not error and report.get("tried") is True:
        return CameraDiagnosis("ok", words("The camera works."))
    elif not error and report.get("permission") == "denied":
        error = "NotAllowedError"
    elif not error and report.get("cameras") == 0:
        error = "NotFoundError"
    if not error:
        fix = words("Press “Test the camera” to see whether it opens.")
        return CameraDiagnosis("wait", words("A camera is there."), fix)
    known = error if isinstance(error, str) and error in CAMERA_PROBLEMS else UNKNOWN
    found = CAMERA_PROBLEMS[known]
    problem = words("{problem}.", problem=words(found.problem))
    return CameraDiagnosis("trouble", problem, words(found.fix, address=address))
