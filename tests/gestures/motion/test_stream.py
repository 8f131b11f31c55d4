"""Moving gestures in a stream: by hand-made ways of one fingertip at known times, and by
real hands."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelError
from core.gestures.modelfile.export import save_motion_model
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.motion_learner import fit_templates
from core.gestures.motion.stream import SETTLED_S, SLOW, UNLIKE, UNSURE, MotionStream
from core.gestures.motion.windows import clip_to_window, find_moving_part
from tests.support.gesture_samples import gesture_samples

FPS = 30
REST = np.zeros(2)
RIGHT, LEFT, DOWN = (np.array(way) for way in ([0.4, 0.0], [-0.4, 0.0], [0.0, 0.4]))


def line(from_xy: np.ndarray, by: np.ndarray, frames: int) -> np.ndarray:
    """(frames, 2), speeding up and slowing down as a hand does."""
    share = (1 - np.cos(np.linspace(0, np.pi, frames))) / 2
    return from_xy + share[:, None] * by


def rest(at: np.ndarray, frames: int) -> np.ndarray:
    return at + np.random.default_rng(frames).normal(0, 0.001, (frames, 2))


def learned(names, windows, folder: Path, seconds: list[float] | None = None) -> GestureModel:
    """A model that compares with these windows, each of the gesture of its name."""
    gestures = [*dict.fromkeys(names)]
    data = gesture_samples(
        windows,
        [gestures.index(name) for name in names],
        gestures,
        recordings=range(len(names)),
        skeleton="fingertip_1" if windows[0].shape[1] == 1 else "hand_21",
        seconds=np.array(seconds or []),
    )
    examples = fit_templates(data)
    save_motion_model(examples, data, folder, {}, examples)
    return GestureModel.load(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> GestureModel:
    """Of swipes three ways, each long and short, and of rest."""
    rng = np.random.default_rng(0)
    names = ("swipe_right", "swipe_left", "swipe_down")
    clips = [(n, line(REST, way, 16)) for n, way in zip(names, (RIGHT, LEFT, DOWN), strict=True)]
    clips += [(name, way * 0.8) for name, way in clips]
    clips += [("none", rest(REST, 16) * scale) for scale in (1.0, 2.0, 3.0)]
    points = [way[:, None] + rng.normal(0, 1e-4, (16, 1, 2)) for _, way in clips]
    return learned([name for name, _ in clips], points, tmp_path_factory.mktemp("motions"))


def run_stream(model: GestureModel, points, fps: float = FPS) -> tuple[list, list]:
    """The events of (F, K, 2) frames, None where nobody is seen, and the near misses, each with the
    time of the frame that showed it."""
    stream, events, missed = MotionStream(model), [], []
    for t, one in zip(np.arange(len(points)) / fps, points, strict=True):
        event = stream.step(t, None if one is None else one.astype(np.float32))
        events += [(t, event)] if event else []
        missed += [(t, stream.near_miss)] if stream.near_miss else []
    return events, missed


def events_of(model: GestureModel, *ways: np.ndarray, fps: float = FPS) -> list:
    """The events of a fingertip's (F, 2) ways, one after the other."""
    return [event for _, event in run_stream(model, np.concatenate(ways)[:, None], fps)[0]]


def names_of(model: GestureModel, *ways: np.ndarray, fps: float = FPS) -> list[str]:
    return [event.gesture.name for event in events_of(model, *ways, fps=fps)]


def missed_of(model: GestureModel, way: np.ndarray) -> list:
    return [near for _, near in run_stream(model, way[:, None])[1]]


SWIPE = [rest(REST, 45), line(REST, RIGHT, 18), rest(RIGHT, 60)]


def test_a_swipe_between_rests_is_one_event_soon_after_its_end(model):
    [(told_s, event)], _ = run_stream(model, np.concatenate(SWIPE)[:, None])
    assert event.gesture.name == "swipe_right" and 0.6 <= event.confidence <= 1
    assert event.start_s == pytest.approx(45 / FPS, abs=0.15)
    assert event.end_s == pytest.approx(62 / FPS, abs=0.1)
    assert told_s - event.end_s == pytest.approx(SETTLED_S, abs=1.1 / FPS)


@pytest.mark.parametrize(
    ("pause", "names"),
    [
        (40, ["swipe_right", "swipe_left"]),
        (11, ["swipe_right", "swipe_left"]),
        (5, ["swipe_right"]),  # the way back at once is not another gesture
    ],
)
def test_movements_with_a_pause_between_them_are_events_in_their_order(model, pause, names):
    there = [rest(REST, 40), line(REST, RIGHT, 15), rest(RIGHT, pause)]
    assert names_of(model, *there, line(RIGHT, LEFT, 15), rest(REST, 40)) == names


def circle(turns: float, frames: int) -> np.ndarray:
    """(frames, 2), clockwise from its top, where it also ends after whole turns."""
    angle = 2 * np.pi * turns * np.linspace(0, 1, frames)
    return 0.3 * np.stack([np.sin(angle), 1 - np.cos(angle)], 1)


@pytest.fixture(scope="module")
def circles(tmp_path_factory) -> GestureModel:
    """Of swipes two ways and of circles."""
    names = ("swipe_right", "swipe_left", "clockwise")
    ways = (line(REST, RIGHT, 16), line(REST, LEFT, 16), circle(1, 16))
    clips = [way[:, None] * size for way in ways for size in (1.0, 0.8)]
    return learned(list(np.repeat(names, 2)), clips, tmp_path_factory.mktemp("circles"))


@pytest.mark.parametrize(("rest_frames", "frames"), [(30, 54), (12, 96)])
def test_a_circle_is_one_event_though_its_parts_go_as_swipes_do(circles, rest_frames, frames):
    """Of the slow one the last 2.8 of 3.2 seconds alone would be one; the hand was there for 0.4 s
    before it."""
    [event] = events_of(circles, rest(REST, rest_frames), circle(1, frames), rest(REST, 30))
    assert event.gesture.name == "clockwise"
    assert event.start_s == pytest.approx(rest_frames / FPS, abs=0.2)
    assert event.end_s == pytest.approx((rest_frames + frames) / FPS, abs=0.2)


@pytest.mark.parametrize(("taught_s", "told"), [(0.0, []), (3.0, []), (4.5, ["clockwise"])])
def test_what_goes_on_for_longer_than_a_gesture_ever_did_is_none(taught_s, told, tmp_path):
    """Of five seconds; 3.4 are any gesture's, more where an example took four fifths of it."""
    clips = [circle(1, 16)[:, None] * size for size in (1.0, 0.8)]
    clips += [line(REST, RIGHT, 16)[:, None] * size for size in (1.0, 0.8)]
    names = ["clockwise"] * 2 + ["swipe_right"] * 2
    fitted = learned(names, clips, tmp_path, [taught_s, taught_s, 0.5, 0.5])
    assert fitted.about.longest_s == [taught_s, 0.5]
    way = np.concatenate([rest(REST, 30), 2 * circle(1, 150), rest(REST, 30)])
    assert names_of(fitted, way) == told
    near = [] if told else [("clockwise", SLOW)]
    assert [(one.gesture.name, one.why) for one in missed_of(fitted, way)] == near


def test_after_a_pause_another_movement_begins(model):
    """A way that is no gesture, half a second of rest, a swipe."""
    back = [line(REST, RIGHT + DOWN, 12), line(RIGHT + DOWN, -RIGHT - DOWN, 12)]
    swipe = [line(REST, LEFT, 20), rest(LEFT, 20)]
    assert "swipe_left" in names_of(model, rest(REST, 15), *back, rest(REST, 15), *swipe)


def test_rest_alone_is_no_event(model):
    assert run_stream(model, rest(REST, 200)[:, None]) == ([], [])


def test_what_is_nearly_a_gesture_is_said_once_when_it_is_over(model):
    """Between right and down; far enough for somebody to have meant it."""
    to = 5 * (RIGHT + DOWN)
    way = np.concatenate([rest(REST, 30), line(REST, to, 18), rest(to, 100)])
    [near] = missed_of(model, way)
    assert near.why == UNLIKE and near.gesture.name in ("swipe_right", "swipe_down")
    assert near.end_s == pytest.approx(47 / FPS, abs=0.1)
    assert missed_of(model, way / 12) == []  # a hand that fidgets
    assert missed_of(model, -way * (0, 1)) == []  # a way up is like none of them


def test_a_gesture_and_its_way_back_are_not_nearly_one(model):
    to = 5 * RIGHT
    there = [rest(REST, 30), line(REST, to, 18), rest(to, 6)]
    way = np.concatenate([*there, line(to, -2 * RIGHT, 9), rest(3 * RIGHT, 60)])
    assert names_of(model, way) == ["swipe_right"] and missed_of(model, way) == []
    way = np.concatenate([*there, rest(to, 60)])
    strict = replace(model)
    # beyond what a file may say: this model is certain
    vars(strict)["about"] = model.about.model_copy(update={"threshold": 1.1})
    surer = [(one.gesture.name, one.why) for one in missed_of(strict, way)]
    assert surer == [("swipe_right", UNSURE)]


def test_nothing_is_told_before_it_happened(model):
    """A stream that is cut off anywhere told what the whole one told until then."""
    way = np.concatenate([rest(REST, 30), line(REST, DOWN, 15), rest(DOWN, 30)])
    whole, _ = run_stream(model, way[:, None])
    for cut in (40, 50, 60):
        told, _ = run_stream(model, way[:cut, None])
        assert told == [(t, event) for t, event in whole if t < cut / FPS]


def test_ten_frames_a_second_give_the_same_event(model):
    way = [rest(REST, 15), line(REST, LEFT, 6), rest(LEFT, 20)]
    assert names_of(model, *way, fps=10) == ["swipe_left"]


def test_a_moment_without_the_hand_is_bridged_and_a_longer_one_ends_the_movement(model):
    way = [*np.concatenate(SWIPE)[:, None]]
    way[52:56] = [None] * 4  # 5 / 30 s from sight to sight
    assert [event.gesture.name for _, event in run_stream(model, way)[0]] == ["swipe_right"]
    stream = MotionStream(model)
    for frame in range(20):
        stream.step(frame / FPS, np.zeros((1, 2), np.float32))
    for frame in range(20, 26):
        assert stream.step(frame / FPS, None) is None and len(stream._frames) == 20
    assert stream.step(26 / FPS, None) is None and not stream._frames


def test_frames_that_were_never_read_end_a_movement_only_after_half_a_second(model):
    for away, kept in ((0.49, 20), (0.51, 0)):
        stream = MotionStream(model)
        for frame in range(20):
            stream.step(frame / FPS, np.zeros((1, 2), np.float32))
        stream.step(19 / FPS + away, None)
        assert len(stream._frames) == kept


@pytest.fixture(scope="module")
def spelled(shared_data) -> dict[str, list[np.ndarray]]:
    """Ten films of a hand that moves, of each of two kana: (T, 21, 2)."""
    with np.load(shared_data / "moving" / "yubimoji_76.npz") as file:
        points = (file["xy"] / file["scale"]).astype(np.float32)
        names = file["kana"][file["label"]].tolist()
        films = list(zip(names, np.split(points, file["start"][1:-1]), strict=True))
    return {kana: [film for name, film in films if name == kana] for kana in "りー"}


def rested(film: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The hand rests before it and after it."""
    ends = [np.repeat(film[[at]], 24, 0) + rng.normal(0, 0.002, (24, 21, 2)) for at in (0, -1)]
    return np.concatenate([ends[0], film, ends[1]]).astype(np.float32)


def test_on_a_busy_machine_real_movements_are_found(spelled, tmp_path):
    """Three of ten times no frame is read for 0.25 to 0.45 s."""
    rng = np.random.default_rng(0)
    known = []
    for kana, films in spelled.items():
        moving = [find_moving_part(film, np.arange(len(film)) / FPS) for film in films[:5]]
        known += [(kana, film[part]) for film, part in zip(films, moving, strict=False)]
        known += [("none", rested(films[0], rng)[:20])]
    fitted = learned(
        [name for name, _ in known], [clip_to_window(clip) for _, clip in known], tmp_path
    )
    found = 0
    for kana, film in ((kana, film) for kana, films in spelled.items() for film in films[5:]):
        points, stream = rested(film, rng), MotionStream(fitted)
        stalls = np.where(rng.random(99) < 0.3, rng.uniform(0.25, 0.45, 99), 1 / 15)
        read_s = np.cumsum(stalls)
        read_s = read_s[read_s < len(points) / FPS - 0.1]
        told = [stream.step(t, points[round(t * FPS)]) for t in read_s]
        found += kana in [event.gesture.name for event in (*told, stream.close()) if event]
    assert found >= 8


def test_a_hand_that_talks_makes_short_swipes_which_are_none(spelled, tmp_path):
    """A third as far as the examples, by a hand as large; near the camera all is larger."""
    hand = spelled["り"][0][0]
    size = np.linalg.norm(hand - hand[0], axis=1).max()  # as `MotionFeatures` has it
    ways = {"swipe_right": RIGHT, "swipe_left": LEFT}
    known = [(n, line(REST, w * far, 16)) for n, w in ways.items() for far in (5, 6)]
    clips = [(hand + way[:, None] * size).astype(np.float32) for _, way in known]
    fitted = learned([name for name, _ in known], clips, tmp_path)

    def told(far: float, larger: float = 1.0) -> list[str]:
        ends = REST, RIGHT * far
        way = np.concatenate([rest(REST, 30), line(*ends, 18), rest(ends[1], 30)])
        events, _ = run_stream(fitted, (hand + way[:, None] * size) * larger)
        return [event.gesture.name for _, event in events]

    assert told(1.7) == told(1.7, larger=4) == []
    assert told(4) == told(4, larger=0.2) == told(15) == ["swipe_right"]


def test_what_was_going_on_at_the_end_is_told_when_the_stream_is_closed(model):
    stream = MotionStream(model)
    for frame, xy in enumerate(np.concatenate([rest(REST, 30), line(REST, RIGHT, 15)])):
        assert stream.step(frame / FPS, xy[None].astype(np.float32)) is None
    event = stream.close()
    assert event is not None and event.gesture.name == "swipe_right"
    assert stream.close() is None


def test_a_frame_that_is_no_later_is_left_out(model):
    stream = MotionStream(model)
    stream.step(1.0, np.zeros((1, 2), np.float32))
    assert stream.step(1.0, np.ones((1, 2), np.float32)) is None and len(stream._frames) == 1


def test_a_model_of_still_gestures_finds_none(starter):
    with pytest.raises(ModelError, match="gestures that move"):
        MotionStream(starter)
