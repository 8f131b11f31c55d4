"""One stream's frames through the real estimator and the starter model."""

import itertools
import threading
from dataclasses import replace

import cv2
import numpy as np
import psutil
import pytest

from core.errors import WeightsError
from core.estimators.heatmap_bodies import HeatmapBodies
from core.live.live import Latest, LiveProcessor, Options
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.drawing.heatmap_layout import Maps
from core.pose.drawing.heatmaps import draw_with_heatmaps
from core.pose.smoothing import Smoothing
from core.recording.demo import ReplayEstimator, read_demo_hands
from tests.support.standing_net import save_standing_net

PEOPLE = "000000000790.jpg"
RAW = Smoothing(joints=False, hold_s=0)
HERE = "http://localhost:9000"


@pytest.fixture(scope="module")
def photos(shared_data):
    def of(gesture, n=3):
        folder = shared_data / "hand_images" / "emrecandir" / gesture
        return [read_picture(path) for path in sorted(folder.iterdir())[:n]]

    return of


@pytest.fixture
def make(make_estimator):
    return lambda options: make_estimator(num_poses=options.hands)


def stream(make, options=None, **more):
    """A stream with 40 ms from frame to frame: each looks at the clock twice."""
    return LiveProcessor(make, options, clock=itertools.count(100, 0.02).__next__, **more)


def see(live, photo, frames=8):
    """The same picture for a while, as a hand that is held still."""
    for _ in range(frames):
        out = live.process(photo)
    return out


def said(live):
    [hand] = live.latest().hands
    return hand.gesture.name if hand.gesture else None


@pytest.mark.parametrize(
    ("turn", "gesture"),
    [
        (None, "point_up"),
        (cv2.ROTATE_90_CLOCKWISE, "point_left"),
        (cv2.ROTATE_90_COUNTERCLOCKWISE, "point_right"),
    ],
)
def test_a_direction_is_that_of_the_mirrored_screen(make, starter, photos, turn, gesture):
    live = stream(make, Options(starter))
    right = 0
    for photo in photos("point_up", 5):
        see(live, photo if turn is None else cv2.rotate(photo, turn))
        right += said(live) == gesture
    live.close()
    assert right >= 4


def test_the_picture_that_comes_back_is_mirrored_and_the_given_one_untouched(make, photos):
    photo = photos("open_palm")[0]
    before = photo.copy()
    live = stream(make)
    out = see(live, photo, 2)
    live.close()
    assert out.shape == photo.shape and (photo == before).all()
    unlike = np.abs(out.astype(int) - photo[:, ::-1]).max(axis=2) > 20
    assert 0 < unlike.mean() < 0.1  # the skeleton alone
    assert live.latest().hands[0].probabilities == ()


def test_options_change_while_it_runs(make, starter, photos):
    live = stream(make)
    photo = photos("thumbs_up")[0]
    see(live, photo, 2)
    live.configure(Options(starter, hands=2, smoothing=RAW))
    see(live, photo, 2)
    assert said(live) == "thumbs_up"
    row = live.latest().hands[0].probabilities
    assert [gesture for gesture, _ in row] == list(starter.gestures)
    assert sum(probability for _, probability in row) == pytest.approx(1, abs=1e-5)
    live.close()


def test_two_hands_have_each_their_own_name(make, starter, shared_data):
    reader = cv2.VideoCapture(str(shared_data / "hand_videos" / "two_palms.mp4"))
    live = LiveProcessor(make, Options(starter, hands=2))
    both = []
    while (read := reader.read())[0] and len(both) < 5:
        live.process(np.ascontiguousarray(read[1][:, :, ::-1]))
        hands = live.latest().hands
        if len(hands) == 2 and all(h.gesture for h in hands):
            both.append([(h.pose.handedness, h.gesture.name) for h in hands])
    live.close()
    assert len(both) == 5
    assert sorted(both[-1]) == [("Left", "open_palm"), ("Right", "open_palm")]


def test_of_several_people_the_chosen_one_s_maps_are_drawn(weights_folder, shared_data, tmp_path):
    save_standing_net(tmp_path / "standing")
    photo = read_picture(shared_data / "coco/mini/train2017" / PEOPLE)
    seen = []

    def open_net(options):
        net = tmp_path / "standing"
        return HeatmapBodies(weights_folder, net_folder=net, num_poses=options.hands)

    def watch(frame, estimate, version):
        seen.append(estimate)
        return ""

    live = stream(open_net)
    for person in (1, 2, 1):
        maps = Maps("single", 0, person=person)
        live.configure(Options(hands=4, smoothing=RAW, maps=maps), watch)
        out = live.process(photo)
        told = seen[-1]
        assert sorted(told.numbers) == [*range(1, len(told.poses) + 1)] and len(told.poses) >= 2
        of_one = (told.heatmaps[told.numbers.index(person)],)
        labels = [str(number) for number in told.numbers]
        expected = draw_with_heatmaps(
            photo, replace(told, heatmaps=of_one), Maps("single", 0), 1, labels=labels, mirror=True
        )
        assert (out == expected).all()
    assert sorted(reading.number for reading in live.latest().hands) == sorted(told.numbers)
    assert live.latest().numbered
    live.configure(Options(hands=1, smoothing=RAW), watch)
    live.process(photo)
    assert not live.latest().numbered
    live.close()


def test_a_hand_that_is_not_sure_enough_is_no_gesture(make, starter, photos):
    unsure = replace(starter, metadata=starter.metadata | {"threshold": 1.0})
    live = stream(make, Options(unsure))
    see(live, photos("thumbs_up")[0])
    assert said(live) is None
    live.close()


def test_a_paused_stream_gives_the_mirrored_picture_and_reads_nothing(make, starter, photos):
    photo, watched, opened = photos("thumbs_up")[0], [], []
    listener, running = StreamListener(), Options(starter, smoothing=RAW)

    def counted(options):
        opened.append(options)
        return make(options)

    def watch(*frame):
        watched.append(frame)
        return "REC"

    live = stream(counted, Options(starter, paused=True), watch=watch)
    live.attach(listener)
    assert (see(live, photo, 2) == photo[:, ::-1]).all()
    assert not opened  # it costs nothing until a page wants to see hands
    live.configure(running, watch)
    see(live, photo, 2)
    assert said(live) == "thumbs_up" and len(watched) == len(listener.told) == 2
    live.configure(replace(running, paused=True), watch)
    assert (see(live, photo, 3) == photo[:, ::-1]).all()
    latest = live.latest()
    assert (latest.hands, latest.note, latest.error) == ((), "", "")
    assert (latest.frames, latest.size_hw) == (7, photo.shape[:2])
    assert len(watched) == len(listener.told) == 2
    live.configure(running, watch)
    see(live, photo, 2)
    assert said(live) == "thumbs_up" and len(opened) == 1  # the estimator stayed
    live.close()


def test_rate_and_latency_are_measured(make, photos):
    ticks = itertools.count()
    # after the start each frame looks at the clock twice: it comes, and is done 30 ms later
    live = LiveProcessor(make, clock=lambda: 0.05 * (tick := next(ticks)) + 0.02 * (tick % 2))
    see(live, photos("fist")[0], 6)
    latest = live.latest()
    live.close()
    assert latest.frames == 6
    assert latest.fps == pytest.approx(10)
    assert latest.latency_ms == pytest.approx(30)


def test_frames_of_any_size_pass(make):
    live = LiveProcessor(make)
    for height, width in ((480, 640), (360, 641)):
        assert live.process(np.zeros((height, width, 3), np.uint8)).shape == (height, width, 3)
    assert live.latest().hands == () and live.latest().size_hw == (360, 641)
    live.close()


def test_an_error_is_kept_for_the_page_and_the_picture_goes_on():
    def broken(hands):
        raise WeightsError("the hand models are missing: run `make setup`")

    live = LiveProcessor(broken)
    picture = np.arange(12, dtype=np.uint8).reshape(1, 4, 3)
    assert (live.process(picture) == picture[:, ::-1]).all()
    assert live.latest().problem_text(HERE) == "the hand models are missing: run `make setup`"


def test_the_watcher_sees_the_unmirrored_frame_and_its_words_are_drawn(make, photos):
    seen = []
    photo = photos("fist")[0]
    live = LiveProcessor(make, watch=lambda *given: seen.append(given) or "REC 7")
    with_note = live.process(photo)
    live.close()
    [(frame, estimate, version)] = seen
    assert (frame.rgb == photo).all() and frame.mirrored_view and estimate.mirrored_view
    assert version.endswith("/full") and live.latest().note == "REC 7"
    assert (with_note[2, 2] == (24, 24, 32)).all()


def test_a_lost_camera_and_a_missing_connection_are_told_apart():
    assert Latest(taken_s=100.0, frames=5).problem_text(HERE, 101.9) == ""
    assert "Camera lost" in Latest(taken_s=100.0, frames=5).problem_text(HERE, 102.1)
    assert Latest(taken_s=100.0).problem_text(HERE, 107.0) == ""
    unconnected = Latest(taken_s=100.0).problem_text(HERE, 109.0)
    assert "connection" in unconnected and f"at {HERE}," in unconnected


def test_a_camera_is_not_lost_while_an_estimator_is_opened():
    assert Latest(taken_s=100.0, frames=5, opening=True).problem_text(HERE, 110.0) == ""
    assert Latest(taken_s=100.0, opening=True).problem_text(HERE, 110.0) == ""
    assert "Camera lost" in Latest(taken_s=100.0, frames=5, opening=True).problem_text(HERE, 121.0)
    now_s = [100.0]
    said = []

    def slow(options):
        now_s[0] += 3.0  # a model that loads for so long
        said.append(live.latest().problem_text(HERE, now_s[0]))
        return ReplayEstimator(read_demo_hands(Paths.find().demo))

    live = LiveProcessor(slow, Options(paused=True), clock=lambda: now_s[0])
    picture = np.zeros((48, 64, 3), np.uint8)
    live.process(picture)
    live.configure(Options())
    live.process(picture)
    now_s[0] += 0.1
    live.process(picture)
    live.close()
    assert said == [""]
    assert live.interruption_text() == ""


def test_what_is_wanted_while_a_frame_is_read_does_not_count_as_there():
    two, opening = Options(hands=2), []

    def watch(*frame):
        live.configure(two)  # the page, while this frame is read
        return ""

    def make(options):
        opening.append(live.latest().opening)
        return ReplayEstimator(read_demo_hands(Paths.find().demo))

    live = LiveProcessor(make, Options(), watch=watch)
    picture = np.zeros((48, 64, 3), np.uint8)
    live.process(picture)
    assert live.latest().frames == 1 and live.latest().opening
    live.process(picture)
    assert opening == [True, True] and not live.latest().opening
    live.close()


def test_closing_amid_frames_is_safe_and_later_frames_only_pass(make, photos):
    photo = photos("fist")[0]
    seen, closed, passed = (threading.Event() for _ in range(3))
    live = LiveProcessor(make, watch=lambda *_: seen.set() or "")

    def run():
        while not passed.is_set():
            over = closed.is_set()
            live.process(photo)
            if over:
                passed.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert seen.wait(30)
    live.close()
    frames = live.latest().frames
    closed.set()
    thread.join(30)
    assert passed.is_set() and frames > 0 and live.latest().frames == frames
    assert (live.process(photo) == photo[:, ::-1]).all()


def test_a_stream_that_nobody_stopped_is_told_from_one_that_was_stopped(make):
    picture, clock = np.zeros((48, 64, 3), np.uint8), 100.0

    def ended(*pauses):
        nonlocal clock
        live = LiveProcessor(make, Options(paused=True), clock=lambda: clock)
        for pause in pauses[:-1]:
            clock += pause
            live.process(picture)
        clock += pauses[-1]
        live.close()
        clock += 100
        live.close()
        return live.interruption_text()

    assert ended(0.0, 0.1, 0.1) == ended(0.0, 0.1, 1.9) == ""
    assert ended(9.0) == ""  # no picture ever came: that is said while it runs
    assert "stopped by itself" in ended(0.0, 0.1, 2.1)
    assert "stopped by itself" in ended(0.0, 8.0, 0.1, 0.1)  # a busy moment, then the end
    assert ended(0.0, 8.0, *[1.0] * 11, 0.1) == ""  # it had recovered


def test_twenty_streams_leave_no_threads_behind(make, photos):
    photo = photos("fist")[0]

    def stream():
        live = LiveProcessor(make)
        live.process(photo)
        live.close()

    stream()
    before = psutil.Process().num_threads()
    for _ in range(20):
        stream()
    assert psutil.Process().num_threads() <= before + 2


class StreamListener:
    """Keeps what it is told."""

    def __init__(self):
        self.told, self.closed = [], 0

    def offer(self, hands, time_s, estimate, made=()):
        self.told.append([(hand.hand, hand.gesture and hand.gesture.name) for hand in hands])

    def close(self):
        self.closed += 1


def test_a_companion_is_told_every_hand_and_closed_with_the_stream(make, starter, photos):
    live = stream(make, Options(starter, smoothing=RAW))
    before, listener, late = StreamListener(), StreamListener(), StreamListener()
    live.attach(before)
    live.attach(listener)
    live.attach(listener)  # every run of the page says so again
    assert (before.closed, listener.closed) == (1, 0)
    see(live, photos("thumbs_up")[0], 2)
    [hand] = live.latest().hands
    assert listener.told == [[(hand.pose.handedness, "thumbs_up")]] * 2 and before.told == []
    for _ in range(2):
        live.attach(None)
    assert listener.closed == 1 and live.listener is None
    live.attach(last := StreamListener())
    live.close()
    live.attach(late)  # the page had not yet heard that the stream ended
    assert last.closed >= 1 and late.closed == 1


def test_estimates_without_pictures_are_read_as_a_stream(make_estimator, starter, photos):
    """As a browser may send them: no estimator is opened here."""
    with make_estimator() as elsewhere:
        thumb = elsewhere.estimate_still(photos("thumbs_up")[0], mirrored_view=True)
    clock = itertools.count(100.0, 0.02)
    opened = []
    live = LiveProcessor(opened.append, Options(starter, smoothing=RAW), clock=clock.__next__)
    listener = StreamListener()
    live.attach(listener)
    for i in range(5):
        latest = live.step(replace(thumb, time_s=i / 25))
    [hand] = latest.hands
    assert hand.gesture.name == "thumbs_up" and live.latest() is latest
    assert (latest.frames, latest.size_hw) == (5, thumb.size_hw)
    assert (latest.fps, latest.latency_ms) == (pytest.approx(25), pytest.approx(20))
    assert listener.told == [[(thumb.poses[0].handedness, "thumbs_up")]] * 5
    assert [m.time_s for m in live.trace()] == [i / 25 for i in range(5)]
    live.step(replace(thumb, estimator="another"))
    assert "trained on mediapipe-hands" in live.latest().problem_text(HERE, 100)
    live.close()
    assert live.step(thumb) is live.latest() and opened == [] and listener.closed == 1
    paused, listener = LiveProcessor(opened.append, Options(starter, paused=True)), StreamListener()
    paused.attach(listener)
    assert paused.step(thumb).hands == () and listener.told == [] and paused.latest().frames == 1
    paused.close()


def test_a_held_name_follows_the_settings_of_the_stream(make, starter, photos):
    slow = Smoothing(hold_s=10, enter=0.5, leave=0.4)
    live = stream(make, Options(starter, smoothing=slow))
    see(live, photos("thumbs_up")[0])
    assert said(live) is None  # ten seconds have not passed
    last = live.trace()[-1]
    assert (last.best, last.held) == ("thumbs_up", "")
    live.configure(Options(starter, smoothing=RAW))
    see(live, photos("thumbs_up")[0], 2)
    assert said(live) == "thumbs_up" and live.trace()[-1].raw == live.trace()[-1].smooth
    live.close()


def test_the_trace_shows_raw_beside_smoothed(make, starter, photos):
    live = stream(make, Options(starter, smoothing=Smoothing(min_cutoff=0.2, beta=0)))
    near, far = photos("thumbs_up")[0], np.roll(photos("thumbs_up")[0], 40, axis=1)
    see(live, near, 4)
    see(live, far, 2)
    trace = live.trace()
    moved = trace[-1].raw[0] - trace[0].raw[0]
    followed = trace[-1].smooth[0] - trace[0].smooth[0]
    live.close()
    assert moved > 20 and 0 < followed < 0.5 * moved
