"""What the pages say of the camera and of where the studio is reached."""

import gc
import threading

import pytest
from streamlit import config

from core.live.live import Options
from core.live.streams import BrowserStream, ServerStream
from core.recording.plans import CONTINUOUS, HELD
from core.recording.recorder import Recorder
from pages.panels.access import is_local_url, local_url
from pages.panels.camera.session import _SessionHolder
from pages.panels.camera.stage import Stage, has_server_picture
from pages.panels.recording.options import show_recorded_video
from tests.conftest import wait_until


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ({"server.port": 9123}, "http://localhost:9123"),
        ({"server.port": 80, "server.baseUrlPath": "mudra/"}, "http://localhost:80/mudra"),
        ({"server.port": 8443, "server.sslCertFile": "own.pem"}, "https://localhost:8443"),
    ],
)
def test_the_studio_s_address_is_that_of_its_own_port(options, address):
    before = {name: config.get_option(name) for name in options}
    try:
        for name, value in options.items():
            config.set_option(name, value)
        assert local_url() == address
    finally:
        for name, value in before.items():
            config.set_option(name, value)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        (None, True),
        ("http://localhost:8501/live", True),
        ("http://127.0.0.1:8501", True),
        ("http://[::1]:8501", True),
        ("http://192.168.1.7:8501", False),
        ("https://mudra.example.org/live", False),
        ("https://localhost.example.org", False),
    ],
)
def test_a_page_of_another_machine_is_told_from_one_s_own(url, local):
    assert is_local_url(url) is local


@pytest.mark.parametrize("plan", [CONTINUOUS, HELD], ids=["start and stop", "held"])
@pytest.mark.parametrize("on_server", [True, False], ids=["server", "browser"])
def test_tabs_that_are_closed_while_they_record_leave_no_thread_and_no_estimator(
    store, plan, on_server
):
    project = store.create_project("p")
    gesture = store.gestures(project.id)[0]
    before, tabs, closed = set(threading.enumerate()), [], []
    for _ in range(50):
        holder, recorder = _SessionHolder(), Recorder(store, project.id, "me")
        stream = ServerStream(lambda options: None) if on_server else BrowserStream()
        stream.live.close = lambda close=stream.live.close: closed.append(close())
        holder.session.start(stream)
        place = Stage(None, None, None, None, None, holder.session, stream)
        assert show_recorded_video(place, Options(), recorder) is stream.live
        recorder.start(gesture.id, plan)
        tabs.append((holder, recorder, place))
    assert [t.name for t in {*threading.enumerate()} - before].count("mudra-writer") == 50
    tabs.clear()
    del holder, recorder, stream, place
    assert len(closed) == 50  # by the end of the tab itself, not by a later collection
    gc.collect()
    wait_until(lambda: {*threading.enumerate()} <= before)


def test_a_picture_that_stays_in_the_browser_can_t_be_held_on_the_server():
    """Heatmaps' button for it is off there, and on for a camera whose video comes."""
    assert has_server_picture(ServerStream(lambda options: None))
    assert not has_server_picture(None) and not has_server_picture(BrowserStream())
