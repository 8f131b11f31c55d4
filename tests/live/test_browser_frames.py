"""What a browser tells of its camera is read as a stream, once, and nothing of it is trusted."""

import base64
import itertools
from dataclasses import replace

import numpy as np
import pytest

from core.errors import MediaError
from core.estimators import create_estimator
from core.gestures.modelfile.gesture_model import GestureModel
from core.live.browser_frames import BrowserFrames
from core.live.live import LiveProcessor, Options
from core.media.pictures import decode_jpeg, encode_jpeg, read_picture
from core.paths import Paths
from core.pose.smoothing import Smoothing
from core.reading.keypoint_sources import KeypointSource
from core.recording.plans import CONTINUOUS
from core.recording.recorder import Recorder
from tests.store.conftest import sample
from tests.support.stored import count_by_estimator

RAW = Smoothing(joints=False, hold_s=0)
SIZE_HW = (360, 640)


def estimate(photo, estimator, weights_folder):
    """Return the pose in a photo and what a browser would send of it."""
    with create_estimator(estimator, weights_folder) as opened:
        [pose] = opened.estimate_still(read_picture(photo)).poses
    keypoints, world = pose.keypoints.tolist(), pose.world.tolist()
    return pose, {"keypoints": keypoints, "world": world, "score": pose.score}


@pytest.fixture(scope="module")
def thumb(shared_data, weights_folder):
    """A real hand as the browser tells it: the same numbers as the server's."""
    photo = next((shared_data / "hand_images" / "didi" / "thumbs_up").iterdir())
    pose, sent = estimate(photo, "mediapipe-hands", weights_folder)
    return sent | {"side": pose.handedness}


@pytest.fixture(scope="module")
def gymnast(shared_data, weights_folder):
    """A real body with arms held out, as the browser tells it."""
    photo = shared_data / "body" / "lspet" / "images" / "im00360.jpg"
    pose, sent = estimate(photo, "mediapipe-pose", weights_folder)
    return sent | {"visibility": pose.visibility.tolist()}


BODY = {"by": "mediapipe-pose"}


def frame(n, *hands, t=None, **more):
    width, height = SIZE_HW[::-1]
    t = 1000.0 * n / 25 if t is None else t
    told = {"n": n, "t": t, "size": [width, height], "spent": 20, "poses": list(hands)}
    return told | {"by": "mediapipe-hands"} | more


def word(*frames, page="a", now=1000.0):
    return {"page": page, "on": True, "now": now, "frames": list(frames)}


@pytest.fixture
def camera(starter):
    """A stream that a browser feeds; each look at the clock takes 10 ms."""
    clock = itertools.count(100.0, 0.01).__next__
    live = LiveProcessor(lambda options: None, Options(starter, smoothing=RAW), clock=clock)
    yield BrowserFrames(live, clock)
    live.close()


def jpeg(side=256):
    return encode_jpeg(np.full((side, side, 3), 99, np.uint8))


def crop(content=None, region=(10.5, -20.25, 300.0)):
    return {"region": list(region), "jpeg": base64.b64encode(content or jpeg()).decode()}


def test_a_model_trained_on_the_server_s_keypoints_names_the_browser_s_hand(camera, thumb):
    camera.receive(word(frame(1, thumb)))
    latest = camera.live.latest()
    [hand] = latest.hands
    assert hand.gesture.name == "thumbs_up" and latest.error == ""
    assert hand.pose.keypoints == pytest.approx(np.array(thumb["keypoints"]), abs=0.001)
    assert (latest.size_hw, latest.frames, camera.last_number) == (SIZE_HW, 1, 1)


def test_frames_that_are_told_again_are_read_once_and_another_page_counts_anew(camera, thumb):
    seen = []
    camera.live.configure(
        camera.live.options, lambda f, e, v: seen.append((f.index, e.estimator, v)) or ""
    )
    camera.receive(word(frame(1, thumb), frame(2, thumb)))
    camera.receive(word(frame(2, thumb), frame(3, thumb)))
    camera.receive(word(frame(1), page="b"))
    assert [index for index, _, _ in seen] == [1, 2, 3, 1]
    assert set(seen[0][1:]) == {"mediapipe-hands-web", "web 0.10.35/full"}


def test_a_frame_s_time_is_told_by_the_word_that_came_quickest(starter):
    times, now = [], [50.0]
    live = LiveProcessor(lambda options: None, Options(starter))
    live.configure(live.options, lambda f, e, v: times.append(f.time_s) or "")
    camera = BrowserFrames(live, lambda: now[0])
    camera.receive(word(frame(1, t=900.0), now=1000.0))  # their 1 s is our 50 s at the latest
    now[0] = 50.5
    camera.receive(word(frame(2, t=1400.0), now=1700.0))  # their 1.7 s is our 50.5 s: quicker
    now[0] = 51.3
    camera.receive(word(frame(3, t=1800.0), now=2000.0))  # half a second late
    live.close()
    assert times == pytest.approx([49.9, 50.2, 50.6])


@pytest.mark.parametrize(
    "told",
    [
        {"page": "a"},
        word({"n": 1}),
        word(frame(1), now=float("nan")),
        word(frame(1) | {"size": [0, 480]}),
        word(frame(1) | {"size": [640, 48_000]}),
        word(frame(1) | {"spent": float("nan")}),
        word(frame(1, {"keypoints": [[1, 2]] * 20, "world": [], "side": "Left", "score": 1})),
        word(frame(1, crops=[{"region": [0, 0, -1], "jpeg": ""}])),
        word(frame(1, crops=[{"region": [0, 0, 9], "jpeg": "no base64!"}])),
        word(frame(1, crops=[crop(b"no picture")])),
        word(frame(1, crops=[crop(jpeg(257))])),
        word(frame(1, crops=[{"region": [0, 0, 9], "jpeg": "A" * 300_000}])),
    ],
)
def test_what_no_browser_of_ours_tells_is_refused(camera, told):
    with pytest.raises(MediaError, match=r"reload the page|JPEG|256 a side"):
        camera.receive(told)
    assert camera.live.latest().frames == 0


@pytest.mark.parametrize("score", [float("nan"), float("-inf")])
def test_a_score_that_is_no_number_is_refused(camera, thumb, score):
    with pytest.raises(MediaError, match="reload the page"):
        camera.receive(word(frame(1, thumb | {"score": score})))
    assert camera.live.latest().frames == 0


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e9, None])
def test_keypoints_that_are_no_place_in_a_picture_are_refused(camera, thumb, bad):
    points = [[bad, 1.0], *thumb["keypoints"][1:]]
    with pytest.raises(MediaError):
        camera.receive(word(frame(1, thumb | {"keypoints": points})))


def bodies(camera, count=1, watch=None):
    """The page now wants so many bodies, named by the model of arm poses that is shipped."""
    arms, source = GestureModel.load(Paths.arms), KeypointSource("mediapipe-pose")
    camera.live.configure(Options(arms, count, RAW, source), watch)


def test_the_model_of_arm_poses_names_the_browser_s_body(camera, gymnast):
    bodies(camera)
    camera.receive(word(frame(1, gymnast, **BODY)))
    latest = camera.live.latest()
    [body] = latest.hands
    assert body.gesture.name == "t_pose" and latest.error == ""
    assert body.pose.score == pytest.approx(gymnast["score"])
    assert body.pose.visibility == pytest.approx(np.array(gymnast["visibility"]))


def test_two_hands_that_a_browser_tells_are_one_pair_that_keeps_its_sides(camera, thumb):
    camera.live.configure(
        Options(keypoints=KeypointSource("mediapipe-both-hands"), smoothing=RAW), None
    )
    by = {"by": "mediapipe-both-hands"}
    right = thumb | {"side": "Right", "score": 0.7}
    left = moved(thumb, 200) | {"side": "Left", "score": 0.9}
    flipped = [left | {"side": "Right"}, right | {"side": "Left", "score": 0.6}]
    for n, hands in enumerate(([right, left], flipped, [right], []), 1):
        camera.receive(word(frame(n, *hands, **by)))
        found = [hand.pose.keypoints for hand in camera.live.latest().hands]
        assert len(found) == bool(hands)
        if hands:
            [points] = found
            assert points[21:] == pytest.approx(np.array(right["keypoints"]), abs=0.001)
            expected = np.array(left["keypoints"]) if len(hands) == 2 else np.full((21, 2), np.nan)
            assert points[:21] == pytest.approx(expected, abs=0.001, nan_ok=True)


def test_of_several_bodies_each_keeps_its_number_whichever_is_surest(camera, gymnast):
    bodies(camera, 4)
    beside = moved(gymnast, 300)
    camera.receive(word(frame(1, gymnast, beside, **BODY), frame(2, beside, gymnast, **BODY)))
    latest = camera.live.latest()
    assert latest.numbered and [body.number for body in latest.hands] == [2, 1]
    six = [moved(gymnast, 200 * n) for n in range(6)]
    camera.receive(word(frame(3, *six, **BODY)))
    assert len(camera.live.latest().hands) == 4


def test_what_was_still_found_for_the_page_before_is_not_taken_for_what_this_one_wants(
    camera, thumb, gymnast
):
    bodies(camera)
    camera.receive(word(frame(1, thumb), frame(2, gymnast, **BODY), frame(3, thumb)))
    latest = camera.live.latest()
    assert (latest.error, camera.last_number, latest.frames) == ("", 3, 1)
    with pytest.raises(MediaError):
        camera.receive(word(frame(4, gymnast, by="somebody")))
    with pytest.raises(MediaError):
        camera.receive(word(frame(5, thumb, **BODY)))


def test_while_the_browser_opens_what_finds_them_no_camera_is_called_lost(starter, thumb):
    now = [100.0]
    live = LiveProcessor(lambda options: None, Options(starter), clock=lambda: now[0])
    camera = BrowserFrames(live, lambda: now[0])
    for seconds in (0, 9, 18, 27):  # longer than any that does connect takes
        now[0] = 100.0 + seconds
        camera.receive(word() | {"opening": True})
        assert live.latest().problem_text("here", now[0] + 5) == ""
    camera.receive(word(frame(1, thumb)))
    assert len(live.latest().hands) == 1
    assert "Camera lost" in live.latest().problem_text("here", now[0] + 5)
    live.close()


class Recording:
    """A real recorder on a stream that a browser feeds."""

    def __init__(self, store, with_pictures):
        self.store, self.project = store, store.create_project("web")
        self.gesture = store.gestures(self.project.id)[0]
        clock = itertools.count(100.0, 0.1).__next__
        more = {"with_pictures": with_pictures, "write_interval_s": 0.01, "clock": clock}
        self.recorder = Recorder(store, self.project.id, "me", **more)
        live = LiveProcessor(lambda options: None, clock=clock)
        live.configure(Options(), lambda f, e, v: self.recorder.offer(f, e, v).banner)
        self.camera = BrowserFrames(live, clock)

    def receive(self, *frames):
        self.recorder.start(self.gesture.id, replace(CONTINUOUS, rate_hz=30))
        self.camera.receive(word(*frames, now=1e6))
        said = self.camera.live.latest().note
        self.recorder.stop()
        self.camera.live.close()
        return said, self.store.samples(self.project.id, newest_first=False)


def moved(hand, by):
    return hand | {"keypoints": [[x + by, y] for x, y in hand["keypoints"]]}


def test_samples_are_stored_with_the_crops_that_came_along(store, thumb):
    frames = [frame(n, moved(thumb, 9 * n), crops=[crop()]) for n in (1, 2, 3)]
    frames.insert(0, frame(0.5, thumb) | {"n": 1})  # before the browser heard that crops are wanted
    for n, one in enumerate(frames, 1):
        one["n"] = n
    said, samples = Recording(store, with_pictures=True).receive(*frames)
    assert said == "REC 3" and len(samples) == 3
    assert {s.estimator for s in samples} == {"mediapipe-hands-web"}
    assert samples[0].mirrored_view and samples[0].size_hw == SIZE_HW
    assert samples[0].region == (10.5, -20.25, 300.0)
    assert (decode_jpeg(samples[0].crop_jpeg) == 99).mean() > 0.9


def test_crops_that_are_asked_for_come_later_and_no_others(camera, thumb):
    camera.receive(word(*[frame(n, thumb) for n in (1, 2, 3)]))
    camera.request_crops([1, 3])
    with pytest.raises(MediaError):
        camera.receive(word() | {"crops": [{"n": 1, "crops": [crop(b"no picture")]}]})
    assert camera.requested == [1, 3]
    camera.receive(word() | {"crops": [{"n": 2, "crops": [crop()]}, {"n": 3, "crops": [crop()]}]})
    assert camera.requested == []  # the browser has no crop of 1 any more
    assert camera.wait_for_crops() == {3: (((10.5, -20.25, 300.0), jpeg()),)}
    camera.receive(word() | {"crops": [{"n": 1, "crops": [crop()]}]})  # nobody asked
    assert list(camera.crops) == [3]
    camera.request_crops([2])
    camera.receive(word(frame(1, thumb), page="b"))  # which numbers its frames anew
    assert (camera.requested, camera.crops) == ([], {})


def test_a_project_of_keypoints_alone_keeps_no_crop_even_where_one_came(store, thumb):
    _, samples = Recording(store, with_pictures=False).receive(
        frame(1, thumb), frame(2, moved(thumb, 30), crops=[crop()])
    )
    assert [s.crop_jpeg for s in samples] == [None, None]


def test_the_browser_s_and_the_server_s_samples_are_trained_together(store, thumb):
    recording = Recording(store, with_pictures=False)
    recording.receive(frame(1, thumb))
    here = Recorder(store, recording.project.id, "me").create_recording(recording.gesture.id)
    store.add_samples(here, [sample()])
    data = store.training_data(recording.project.id)
    assert (data.estimator, len(data.keypoints)) == ("mediapipe-hands", 2)
    assert count_by_estimator(store, recording.project.id) == {
        "mediapipe-hands": 1,
        "mediapipe-hands-web": 1,
    }


def test_a_body_s_sample_lacks_what_is_hidden_and_has_the_crop_of_the_one_in_front(store, gymnast):
    project = store.create_project("arms", skeleton="body_33")
    recorder = Recorder(store, project.id, "me", write_interval_s=0.01)
    recorder.start(store.gestures(project.id)[0].id, replace(CONTINUOUS, rate_hz=30))
    live = LiveProcessor(lambda options: None)
    camera = BrowserFrames(live)
    bodies(camera, 2, lambda f, e, v: recorder.offer(f, e, v).banner)
    points = np.array(gymnast["keypoints"])
    behind = gymnast | {"keypoints": (points / 3).tolist()}
    hidden = gymnast | {"visibility": [*gymnast["visibility"][:-1], 0.4]}
    crops = [crop(region=(1, 2, 30)), crop()]  # the one behind is as sure, and told first
    camera.receive(word(frame(1, behind, hidden, crops=crops, **BODY), now=1e6))
    recorder.stop()
    live.close()
    [body] = store.samples(project.id)
    assert (body.estimator, body.region) == ("mediapipe-pose-web", (10.5, -20.25, 300.0))
    assert np.isnan(body.pose[-1]).all() and body.scores[0][-1] == 0
    assert body.pose[0] == pytest.approx(points[0])
    assert store.training_data(project.id).estimator == "mediapipe-pose"
