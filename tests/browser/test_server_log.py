"""Which traceback in a studio's log is no fault of Mudra's: that of a websocket closed by its
browser, and no other."""

import pytest

from tests.browser.conftest import without_closed_websockets
from tests.support.studio import ROOT

LIBRARY = f"{ROOT}/.venv/lib/python3.11/site-packages/streamlit/web/server/starlette"
GONE = "starlette.websockets.WebSocketDisconnected"
READS = f"""\
Traceback (most recent call last):
  File "{LIBRARY}/starlette_websocket.py", line 516, in endpoint
    data = await websocket.receive_bytes()
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
{GONE}: WebSocket is not connected. Need to call "accept" first.
"""
CHAINED = f"{READS}\nDuring handling of the above exception, another exception occurred:\n\n{READS}"


@pytest.mark.parametrize(
    ("traceback", "is_fault"),
    [
        (READS, False),
        (CHAINED, False),
        (READS.replace(LIBRARY, f"{ROOT}/core/live"), True),
        (READS.replace(GONE, "RuntimeError"), True),
        (CHAINED.replace(GONE, "ValueError", 1), True),
    ],
)
def test_a_websocket_closed_by_its_browser_is_no_fault_and_all_else_is(traceback, is_fault):
    left = without_closed_websockets(f"started\n{traceback}stopped\n")
    assert ("Traceback" in left) == is_fault
    assert is_fault or left == "started\nstopped\n"
