"""What hands mean: unknown ones are given no gesture, in numbers by hand and on real pictures."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.gestures.labels import DEFAULT_GESTURES, NONE, GestureLabel
from core.lab.starter_data import read_recorders
from core.live.live import LiveProcessor, Options
from core.media.pictures import read_picture
from core.pose.smoothing import Smoothing
from core.pose.types import Estimate, Pose
from core.reading.motions import FORGET_S
from core.reading.reading import MAX_GAP_S, HandPrediction, HandReader, predict_hands

OK, FIST = GestureLabel("ok", "👌"), GestureLabel("fist", "👊")
RAW = Smoothing(joints=False, hold_s=0)


def test_an_answer_names_its_likeliest_gesture_unless_it_is_rejected_or_none():
    row = ((OK, 0.3), (FIST, 0.6), (NONE, 0.1))
    assert HandPrediction(row).likeliest == (FIST, 0.6) and HandPrediction(row).gesture == FIST
    assert HandPrediction(row, 0.9, rejected=True).gesture is None
    assert HandPrediction(row, 0.9, rejected=True).likeliest == (FIST, 0.6)
    assert HandPrediction(((OK, 0.3), (NONE, 0.7))).gesture is None
    another_sign = GestureLabel("none", "🙅")  # its emoji may be changed like any other
    assert HandPrediction(((OK, 0.3), (another_sign, 0.7))).gesture is None
    assert HandPrediction(()).gesture is None
    assert HandPrediction().likeliest == (None, 0.0) and HandPrediction().gesture is None


def estimate_of(hands: np.ndarray) -> Estimate:
    poses = [Pose(hand, np.ones(21, np.float32), 0.9) for hand in hands]
    return Estimate(tuple(poses), (480, 640), "mediapipe-hands")


def test_what_is_rejected_lies_above_the_model_s_threshold(starter, shared_data):
    data = read_recorders(shared_data / "hand_keypoints" / "gestures.csv")
    hands = data.keypoints[:: len(data) // 40]
    strange = np.random.default_rng(0).normal(300, 60, (20, 21, 2)).astype(np.float32)
    found = predict_hands(starter, estimate_of(np.concatenate([hands, strange])))
    assert [a.rejected for a in found] == [a.rejection > starter.rejects_above for a in found]
    assert sum(a.rejected for a in found[: len(hands)]) <= 2
    assert all(a.gesture is None for a in found[len(hands) :])
    first, _ = predict_hands(starter, estimate_of(hands[:2]))
    assert [gesture for gesture, _ in first.probabilities] == list(DEFAULT_GESTURES)


def on_a_wall(path: Path) -> np.ndarray:
    """A small picture, enlarged and with the surroundings that a camera shows."""
    hand = cv2.resize(read_picture(path), (300, 300), interpolation=cv2.INTER_CUBIC)
    return np.pad(hand, ((90, 90), (170, 170), (0, 0)), mode="edge")


def test_signs_that_nobody_taught_are_no_gesture_on_live(make_estimator, starter, shared_data):
    digits = shared_data / "hand_images" / "digits"
    live = LiveProcessor(
        lambda options: make_estimator(num_poses=options.hands), Options(starter, smoothing=RAW)
    )
    said: dict[str, list[str]] = {}
    for digit in ("4", "7", "5"):
        for path in sorted((digits / digit).iterdir())[:60:20]:
            for _ in range(3):
                live.process(on_a_wall(path))
            names = [h.gesture.name if h.gesture else "no gesture" for h in live.latest().hands]
            said.setdefault(digit, []).extend(names)
    live.close()
    assert all(len(names) >= 3 for names in said.values())
    assert set(said["4"]) == set(said["7"]) == {"no gesture"}
    assert said["5"].count("open_palm") == 3


SHAPE = np.random.default_rng(1).uniform(0, 100, (21, 2)).astype(np.float32)


def frame_of(time_s: float, *hands: tuple[float, str | None]) -> Estimate:
    """Hands of one shape, each by its x and its handedness."""
    sure = np.ones(21, np.float32)
    poses = [Pose(SHAPE + np.float32([x, 200]), sure, 0.9, side) for x, side in hands]
    return Estimate(tuple(poses), (480, 640), "mediapipe-hands", time_s)


def called(read: HandReader, estimate: Estimate) -> list[str]:
    return [reading.hand for reading in read(estimate, None, Smoothing())]


def test_three_hands_of_one_side_give_three_readings():
    read = HandReader()
    three = ((100.0, "Left"), (300.0, "Left"), (500.0, "Left"))
    assert called(read, frame_of(0.0, *three)) == ["Left", "Left again", "Left third"]
    turned = frame_of(0.1, *reversed(three))  # which one is surest changes from frame to frame
    assert called(read, turned) == ["Left third", "Left again", "Left"]
    many = [(10.0 * x, None) for x in range(6)]
    assert len(set(called(HandReader(), frame_of(0.0, *many)))) == 6


def test_two_hands_of_one_side_are_calmed_each_by_itself():
    read = HandReader()
    for i in range(10):
        pair = ((100.0, "Right"), (500.0, "Right"))
        readings = read(frame_of(i / 15, *(pair if i % 2 else pair[::-1])), None, Smoothing())
        lefts = sorted(float(r.pose.keypoints[:, 0].min()) for r in readings)
        assert np.allclose(lefts, SHAPE[:, 0].min() + np.array([100, 500]), atol=0.01)


def test_a_hand_whose_side_is_misjudged_once_keeps_its_name():
    read = HandReader()
    sides = ["Left", "Left", "Right", "Left"]
    names = [called(read, frame_of(i / 15, (100, side)))[0] for i, side in enumerate(sides)]
    assert names == ["Left"] * 4
    # it was the first frames that were wrong
    names = [called(read, frame_of(0.3 + i / 15, (100, "Right")))[0] for i in range(8)]
    assert names[-1] == "Right"


L, R = "Left", "Right"


@pytest.mark.parametrize(
    ("frames", "names"),
    [
        # one that jumps or comes back has its plain name
        ([(0.0, (0, L)), (0.1, (500, L)), (0.2 + FORGET_S, (100, L))], [[L], [L], [L]]),
        # who is there longest keeps the plain name whatever number a newcomer has
        (
            [(0.0, (0, L), (300, R)), (0.4, (300, R)), (0.6, (300, R), (600, R))],
            [[L, R], [R], [R, "Right again"]],
        ),
        # a name is given to no other hand while its own is there
        (
            [(0.0, (0, L), (300, L)), (0.1, (300, L)), (0.2, (300, L), (0, L))],
            [[L, "Left again"], ["Left again"], ["Left again", L]],
        ),
    ],
)
def test_hands_are_called_by_their_sides(frames, names):
    read = HandReader()
    assert [called(read, frame_of(*frame)) for frame in frames] == names


def test_a_number_is_free_again_when_who_had_it_is_forgotten():
    read = HandReader()
    two = frame_of(0.0, (0, None), (300, None))
    assert read.number_poses(two).numbers == (1, 2)
    readings = read(replace(read.number_poses(two), time_s=0.1), None, Smoothing())
    assert [(r.number, r.hand) for r in readings] == [(1, "hand"), (2, "hand again")]
    assert not read(frame_of(0.4), None, Smoothing())
    later = 0.2 + FORGET_S
    assert [r.number for r in read(frame_of(later, (300, None)), None, Smoothing())] == [1]


def test_a_hand_keeps_its_name_on_a_stream_of_a_frame_a_second_and_after_a_pause_it_is_found_anew(
    make_estimator, starter, shared_data
):
    photo = next((shared_data / "hand_images" / "didi" / "thumbs_up").iterdir())
    with make_estimator() as estimator:
        seen = estimator.estimate_still(read_picture(photo))
    read = HandReader()

    def said(time_s):
        [hand] = read(replace(seen, time_s=time_s), starter, Smoothing())
        return hand.gesture and hand.gesture.name

    assert [said(float(second)) for second in range(4)] == [None, *["thumbs_up"] * 3]
    assert said(3 + MAX_GAP_S) is None
    assert said(3.2 + MAX_GAP_S) == "thumbs_up"
    for time_s in (3.4, 3.6):
        assert read(frame_of(time_s + MAX_GAP_S), starter, Smoothing()) == ()
    assert said(3.8 + MAX_GAP_S) is None  # it was away
