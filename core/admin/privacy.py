"""Libraries that could contact external hosts, how that is switched off, and whether it is.

What they would send was read in their installed code and checked by recording their sockets
(`tests/browser/test_nothing_leaves.py`); whether it is off is read from the configuration and from
this process's environment.
"""

import os
import sys
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from core.estimators.landmarkers import is_telemetry_blocked
from core.words import mark, words


@dataclass(frozen=True)
class NetworkClient:
    """A library, what it would send and where, how that is switched off, and whether it is."""

    library: str
    would: str
    off_by: str
    is_off: bool


def list_network_clients(
    *,
    usage_statistics: bool,
    server_address: str | None,
    ice_servers: Sequence[object] | None,
    environ: Mapping[str, str] = os.environ,
    loaded: Container[str] = sys.modules,
) -> list[NetworkClient]:
    """List the libraries that could contact external hosts, with what they would send and whether
    that is switched off.

    A library that is not loaded sends nothing; Mudra switches it off before loading it.

    Args:
        usage_statistics: Streamlit's `browser.gatherUsageStats`.
        server_address: Streamlit's `server.address`.
        ice_servers: `iceServers` of the camera's connection; None: the library's own.
        loaded: names of this process's modules.
    """
    return [
        NetworkClient(
            "Streamlit",
            mark("would tell its maker which pages and widgets are used, from the browser"),
            mark("`gatherUsageStats = false` in .streamlit/config.toml"),
            not usage_statistics,
        ),
        NetworkClient(
            "Streamlit",
            mark("would ask checkip.amazonaws.com for this machine's address at start"),
            mark("a fixed `server.address` in .streamlit/config.toml"),
            bool(server_address),
        ),
        NetworkClient(
            "streamlit-webrtc, aiortc",
            mark("would ask stun.l.google.com for this machine's address when a camera starts"),
            mark("an empty list of such servers (`iceServers`) in Mudra's code"),
            ice_servers is not None and not ice_servers,
        ),
        NetworkClient(
            "ONNX Runtime",
            mark("would report the models it runs, with a device id, to Microsoft"),
            mark("`ORT_DISABLE_TELEMETRY=1`, set before it loads"),
            "onnxruntime" not in loaded or environ.get("ORT_DISABLE_TELEMETRY") == "1",
        ),
        NetworkClient(
            "MediaPipe",
            mark("would report how it is used to play.googleapis.com of Google"),
            mark(
                "a proxy that is not there (`https_proxy`, for it alone), as it has no other switch"
            ),
            "mediapipe" not in loaded or is_telemetry_blocked(),
        ),
    ]


def is_local_only(server_address: str | None) -> bool:
    """Whether only this machine can reach the studio."""
    return server_address in ("127.0.0.1", "localhost", "::1")


def describe_access(
    server_address: str | None, *, has_login: bool = False, needs_code: bool = False
) -> str:
    """Describe, as text for people, who can open the studio and see what is recorded."""
    if has_login:
        return words(
            "People log in to this studio, and each sees only their own projects. Its operator "
            "can read its database and its files."
        )
    if is_local_only(server_address):
        return words("Only this machine can open the studio: it listens only on 127.0.0.1.")
    if needs_code:
        return words(
            "This machine can open the studio, and other devices in your network that scan the "
            "code which Studio shows: they may see what is recorded, and delete it. Start the "
            "studio without --lan to end that."
        )
    return words(
        "The studio listens on {where}: others in your network may open it, see what is recorded, "
        "and delete it. Set server.address to 127.0.0.1 in .streamlit/config.toml to end that.",
        where=server_address or words("every address of this machine"),
    )
