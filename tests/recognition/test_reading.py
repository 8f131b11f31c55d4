"""What hands mean: foreign ones are given no gesture, in numbers by hand and on real pictures."""

from pathlib import Path

import cv2
import numpy as np

from core.gestures.labels import DEFAULT_GESTURES, NONE, GestureLabel
from core.media.pictures import read_picture
from core.pose.smoothing import Smoothing
from core.pose.types import Estimate, Pose
from core.recipes.starter_data import table_data
from core.recognition.live import LiveProcessor, Options
from core.recognition.reading import Answer, answers, probabilities

OK, FIST = GestureLabel("ok", "👌"), GestureLabel("fist", "👊")
RAW = Smoothing(joints=False, hold_s=0)


def test_an_answer_names_its_likeliest_gesture_unless_it_is_rejected_or_none():
    row = ((OK, 0.3), (FIST, 0.6), (NONE, 0.1))
    assert Answer(row).likeliest == (FIST, 0.6) and Answer(row).gesture == FIST
    assert Answer(row, 0.9, rejected=True).gesture is None
    assert Answer(row, 0.9, rejected=True).likeliest == (FIST, 0.6)
    assert Answer(((OK, 0.3), (NONE, 0.7))).gesture is None
    assert Answer().likeliest == (None, 0.0) and Answer().gesture is None


def estimate_of(hands: np.ndarray) -> Estimate:
    poses = [Pose(hand, np.ones(21, np.float32), 0.9) for hand in hands]
    return Estimate(tuple(poses), (480, 640), "mediapipe-hands")


def test_what_is_rejected_lies_above_the_model_s_threshold(starter, shared_data):
    data = table_data(shared_data / "hand_keypoints" / "gestures.csv")
    hands = data.keypoints[:: len(data) // 40]
    strange = np.random.default_rng(0).normal(300, 60, (20, 21, 2)).astype(np.float32)
    found = answers(starter, estimate_of(np.concatenate([hands, strange])))
    assert [a.rejected for a in found] == [a.rejection > starter.rejects_above for a in found]
    assert sum(a.rejected for a in found[: len(hands)]) <= 2
    assert all(a.gesture is None for a in found[len(hands) :])
    rows = probabilities(starter, estimate_of(hands[:2]))
    assert [gesture for gesture, _ in rows[0]] == list(DEFAULT_GESTURES)


def on_a_wall(path: Path) -> np.ndarray:
    """A small picture, enlarged and with the surroundings that a camera shows."""
    hand = cv2.resize(read_picture(path), (300, 300), interpolation=cv2.INTER_CUBIC)
    return np.pad(hand, ((90, 90), (170, 170), (0, 0)), mode="edge")


def test_signs_that_nobody_taught_are_no_gesture_on_live(make_estimator, starter, shared_data):
    digits = shared_data / "hand_images" / "digits"
    live = LiveProcessor(
        lambda options: make_estimator(num_hands=options.hands), Options(starter, smoothing=RAW)
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
