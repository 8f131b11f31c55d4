"""A frame passes the functions that CONTRIBUTING.md lists, in that order."""

import json
import re
import sys
from collections.abc import Callable

import pytest

from core.live.channel import Connection
from core.live.live import Options
from core.live.session import LiveSession
from core.live.streams import BrowserStream, ServerStream
from core.media.pictures import read_picture
from core.media.videos import encode_stream_frame
from core.reading.keypoint_sources import KeypointSource
from core.recording.recorder import Recorder
from core.store.rows import Project

pytestmark = pytest.mark.usefixtures("weights_folder")


def listed_functions(root, heading: str) -> list[tuple[str, str]]:
    """(file, qualified name) of each numbered line after a sentence of CONTRIBUTING.md."""
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = text.split(heading)[1].lstrip(":").split("\n\n")[1]
    return re.findall(r"^\d+\. `([^`]+)` · `([^`]+)`", lines, re.MULTILINE)


def trace_calls(root, act: Callable[[], object]) -> list[tuple[str, str]]:
    """(file, qualified name) of the product's functions that this thread calls, in their order."""
    calls = []

    def note(frame, event, arg):
        if event == "call" and frame.f_code.co_filename.startswith(str(root)):
            file = frame.f_code.co_filename.removeprefix(f"{root}/")
            calls.append((file, frame.f_code.co_qualname))

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return calls


def assert_in_order(calls, listed):
    position = 0
    for function in listed:
        assert function in calls[position:], function
        position = calls.index(function, position) + 1


@pytest.fixture
def photo(shared_data):
    return read_picture(next((shared_data / "hand_images" / "didi" / "thumbs_up").iterdir()))


@pytest.fixture
def recorder(store):
    project: Project = store.create_project("p")
    recorder = Recorder(store, project.id, "me")
    recorder.start(store.gestures(project.id)[0].id)
    yield recorder
    recorder.close()


def test_a_frame_whose_hand_is_found_on_the_server(root, photo, recorder, starter, make_estimator):
    session, stream = LiveSession(), ServerStream(lambda options: make_estimator())
    session.start(stream)
    session.show_answer("hand_21")
    stream.live.configure(Options(model=starter), recorder.record_frame)
    connection, frame = Connection(session.channel, lambda: None), encode_stream_frame(photo)

    def act():
        stream.recv(frame)
        assert '"name": "thumbs_up"' in connection.news()

    listed = listed_functions(root, "## The way of a frame\n\nWith hand tracking on the server")
    assert len(listed) == 10
    assert_in_order(trace_calls(root, act), listed)
    session.close()


def test_a_frame_whose_hand_is_found_in_the_browser(root, photo, recorder, starter, make_estimator):
    with make_estimator() as estimator:
        [pose] = estimator.estimate_still(photo).poses
    hand = {
        "keypoints": pose.keypoints.tolist(),
        "world": pose.world.tolist(),
        "side": pose.handedness,
        "score": pose.score,
    }
    high, wide = photo.shape[:2]
    frame = {"n": 1, "t": 0, "size": [wide, high], "spent": 5, "by": "mediapipe-hands"}
    message = {"page": "one", "now": 0, "frames": [frame | {"poses": [hand]}]}
    session, stream = LiveSession(), BrowserStream()
    session.start(stream)
    session.show_answer("hand_21")
    connection = Connection(session.channel, lambda: None)
    keypoints = KeypointSource("mediapipe-hands")
    stream.live.configure(Options(model=starter, keypoints=keypoints), recorder.record_frame)
    listed = listed_functions(root, "With hand tracking on this device")
    assert len(listed) == 8
    calls = trace_calls(root, lambda: connection.answer(json.dumps({"camera": message})))
    assert_in_order(calls, listed)
    session.close()
