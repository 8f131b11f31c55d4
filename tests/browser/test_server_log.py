"""Which traceback in a studio's log is no fault of Mudra's: that of a websocket closed by its
browser, and no other."""

import pytest

from tests.browser.conftest import without_closed_websockets
from tests.support.studio import ROOT

LIBRARY = f"{ROOT}/.venv/lib/python3.11/site-packages"
READS = f"""\
Traceback (most recent call last):
  File "{LIBRARY}/streamlit/web/server/starlette/starlette_websocket.py", line 516, in endpoint
    data = await websocket.receive_bytes()
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
starlette.websockets.WebSocketDisconnected: WebSocket is not connected. Need to call "accept" first.
"""
CLOSES = READS.replace("receive_bytes", "close")
CHAINED = (
    f"{READS}\nDuring handling of the above exception, another exception occurred:\n\n{CLOSES}"
)
OURS = READS.replace(
    f"{LIBRARY}/streamlit/web/server/starlette/starlette_websocket.py",
    f"{ROOT}/core/live/live.py",
)


@pytest.mark.parametrize("known", [READS, CHAINED])
def test_a_websocket_closed_by_its_browser_is_no_fault(known):
    log = f"started\n{known}stopped\n"
    assert without_closed_websockets(log) == "started\nstopped\n"


@pytest.mark.parametrize(
    "fault",
    [
        OURS,
        READS.replace("starlette.websockets.WebSocketDisconnected", "RuntimeError"),
        CHAINED.replace("starlette.websockets.WebSocketDisconnected", "ValueError", 1),
    ],
)
def test_every_other_traceback_is_one(fault):
    assert "Traceback" in without_closed_websockets(f"started\n{fault}stopped\n")
