"""What the libraries that Mudra uses would send, and how it is switched off: facts, read in their
installed code and watched with their sockets recorded (`tests/browser/test_nothing_leaves.py`)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sender:
    """A library, what it would send and to whom, how that is switched off, and whether it is."""

    library: str
    would: str
    off_by: str
    is_off: bool


def senders(*, usage_statistics: bool, server_address: str | None) -> list[Sender]:
    """Every library that knows an address on the network.

    Args:
        usage_statistics: Streamlit's `browser.gatherUsageStats`.
        server_address: Streamlit's `server.address`.
    """
    return [
        Sender(
            "Streamlit", "would tell its maker which pages and widgets are used, from the browser",
            "`gatherUsageStats = false` in .streamlit/config.toml", not usage_statistics,
        ),
        Sender(
            "Streamlit", "would ask checkip.amazonaws.com for this machine's address at start",
            "an address of its own, `server.address` in .streamlit/config.toml",
            bool(server_address),
        ),
        Sender(
            "streamlit-webrtc, aiortc",
            "would ask stun.l.google.com for this machine's address when a camera starts",
            "an empty list of such servers (`iceServers`) in Mudra's code", True,
        ),
        Sender(
            "ONNX Runtime", "would report the models it runs, with a device id, to Microsoft",
            "`ORT_DISABLE_TELEMETRY=1`, set before it loads", True,
        ),
        Sender(
            "MediaPipe", "would report how it is used to play.googleapis.com of Google",
            "a proxy that is not there (`https_proxy`), as it has no other switch",
            True,
        ),
    ]  # fmt: skip


def who_can_open(server_address: str | None) -> str:
    """Who reaches the studio in a browser, in one sentence."""
    if server_address in ("127.0.0.1", "localhost", "::1"):
        return "Only this machine can open the studio: it listens on 127.0.0.1 alone."
    where = server_address or "every address of this machine"
    return (
        f"The studio listens on {where}: others in your network may open it, see what is recorded, "
        "and delete it. Set server.address to 127.0.0.1 in .streamlit/config.toml to end that."
    )
