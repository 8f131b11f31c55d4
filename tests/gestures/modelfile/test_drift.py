"""HandMeasures by hand, and sentences for hands that are held otherwise than the samples were;
a model that was trained on whole bodies notices that it sees half of one."""

import numpy as np
import pytest

from core.gestures.data import GestureData
from core.gestures.labels import DEFAULT_GESTURES
from core.gestures.modelfile.drift import (
    HALF,
    MIN_SEEN_S,
    DriftMonitor,
    Hand,
    HandMeasures,
    find_half_bodies,
    measure_coverage,
    reference_statistics,
)
from core.gestures.modelfile.metadata import ModelMetadata
from core.lab.starter_data import read_recorders
from core.pose.skeletons.table import BODY_33, COCO_17, HAND_21
from tests.support.gesture_samples import gesture_samples

FRAMES = int(4 * MIN_SEEN_S) + 1  # at four a second; the first one's time isn't known
UPRIGHT = np.zeros((21, 2), np.float32)
UPRIGHT[[5, 9, 13, 17]] = [[-3, -8], [-1, -8], [1, -8], [3, -8]]  # the palm is 8 long, 6 wide
UPRIGHT[12] = [0, -16]


def turned(hand: np.ndarray, degrees: float) -> np.ndarray:
    """Clockwise on the screen, where y points down."""
    a = np.radians(degrees)
    return (hand @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])).astype(np.float32)


def test_the_measures_of_a_hand_by_hand():
    hands = np.stack([UPRIGHT + 100, turned(UPRIGHT, 90), 3 * UPRIGHT])
    found = HandMeasures.from_keypoints(hands, np.array([False, False, True]))
    np.testing.assert_allclose(found.turn, [0, 90, 0], atol=1e-4)
    np.testing.assert_allclose(found.width, [6 / 8] * 3, rtol=1e-5)
    np.testing.assert_allclose(found.reach, [2] * 3, rtol=1e-5)
    assert found.left.tolist() == [True, True, False]


def data_of(hands: list[np.ndarray]) -> GestureData:
    """The hands as samples of 👍, and one of `none`."""
    gestures = (DEFAULT_GESTURES[0], DEFAULT_GESTURES[8])
    return gesture_samples([*hands, hands[0]], [0] * len(hands) + [1], gestures)


def test_what_is_usual_are_the_tenths_also_across_the_half_turn():
    usual = reference_statistics(data_of([turned(UPRIGHT, angle) for angle in range(160, 201, 4)]))
    assert list(usual) == ["thumbs_up"]
    low, middle, high = usual["thumbs_up"]["turn"]
    assert abs(middle) == pytest.approx(180, abs=0.01) and high - low == pytest.approx(32, abs=0.01)
    assert usual["thumbs_up"]["width"] == [0.75] * 3 and usual["thumbs_up"]["side"] == 1.0


def test_what_augmentation_adds_is_not_looked_at():
    usual = reference_statistics(data_of([UPRIGHT]), rotated={"thumbs_up"}, mirrored={"thumbs_up"})
    assert set(usual["thumbs_up"]) == {"width", "reach"}


def monitor(usual, skeleton=HAND_21) -> DriftMonitor:
    """A monitor of a model whose metadata have this `usual`."""
    metadata = ModelMetadata.parse({"estimator": "x", "usual": usual})
    return DriftMonitor(metadata.usual, skeleton)


def after(
    hand: np.ndarray, seconds: float = MIN_SEEN_S, *, a_second=4, rejected=False, usual=None
) -> str:
    drift = monitor(reference_statistics(data_of([UPRIGHT])) if usual is None else usual)
    for i in range(int(seconds * a_second) + 1):
        said = None if rejected else "thumbs_up"
        for _ in range(2):  # seen twice
            drift.add_frame([Hand(hand, said, rejected)], i / a_second, mirrored_view=False)
    return drift.describe()


@pytest.mark.parametrize(
    ("hand", "says"),
    [
        (UPRIGHT, ""),
        (turned(UPRIGHT, 20), ""),
        (turned(UPRIGHT, 40), "turned by about 40° clockwise"),
        (turned(UPRIGHT, -40), "turned by about 40° anticlockwise"),
        (UPRIGHT * np.float32([0.5, 1]), "looks narrower"),
        (UPRIGHT * np.float32([-1, 1]), "with the other hand"),
    ],
)
def test_each_way_of_drifting_is_said_with_what_to_do(hand, says):
    text = after(hand)
    assert says in text and ("train again" in text) == bool(says) == bool(text)


def test_too_little_and_too_old_say_nothing():
    assert after(turned(UPRIGHT, 60), MIN_SEEN_S - 0.25) == ""
    drift = monitor(reference_statistics(data_of([UPRIGHT])))
    for i in range(FRAMES):
        drift.add_frame([Hand(turned(UPRIGHT, 60), "thumbs_up")], i / 4, mirrored_view=False)
    assert drift.describe()
    drift.add_frame([], 60.0, mirrored_view=False)
    assert drift.describe() == ""


@pytest.mark.parametrize("a_second", [1, 4, 15])
def test_how_often_a_page_looks_makes_no_difference(a_second):
    """Once a second where a browser's camera has a connection of its own, else four times."""
    hand = turned(UPRIGHT, 60)
    assert after(hand, MIN_SEEN_S, a_second=a_second) and not after(hand, 9, a_second=a_second)


def test_time_in_which_no_hand_was_seen_does_not_count():
    for times in (range(0, 29, 3), [0, 1, 2, 13, 24]):  # no hand in between; no picture at all
        drift = monitor(reference_statistics(data_of([UPRIGHT])))
        for second in times:
            drift.add_frame([Hand(turned(UPRIGHT, 60), "thumbs_up")], second, mirrored_view=False)
            if times[1] > 1:
                drift.add_frame([], second + 2, mirrored_view=False)
        assert drift.describe() == ""


def test_mostly_unknown_hands_are_worth_a_word_also_for_an_early_model():
    assert "unlike what the model learned" in after(UPRIGHT, rejected=True, usual={})
    assert after(UPRIGHT, usual={}) == ""


@pytest.mark.parametrize(
    ("half", "rejected", "says"),
    [
        (0, 0, ""),
        (FRAMES // 2, FRAMES // 2, ""),
        (FRAMES // 2 + 1, 0, HALF),
        (FRAMES, FRAMES, HALF),  # which is why they are unknown
        (0, FRAMES // 2 + 1, "Most bodies of the last half minute are unlike"),
    ],
)
def test_of_bodies_it_is_said_when_most_are_half_or_unknown(half, rejected, says):
    body = np.zeros((33, 2), np.float32)
    drift = monitor({"t_pose": {"turn": [0, 0, 0]}}, BODY_33)  # no body has a palm
    for i in range(FRAMES):
        drift.add_frame([Hand(body, "t_pose", i < rejected, i < half)], i / 4, mirrored_view=True)
    assert drift.describe().startswith(says) and bool(drift.describe()) == bool(says)


@pytest.mark.parametrize(
    ("usual", "says"), [({}, ""), ({"side": 1}, ""), ({"side": 0}, "with the other hand")]
)
def test_a_gesture_of_which_less_is_known_is_measured_by_that(usual, says):
    assert says in after(UPRIGHT, usual={"thumbs_up": usual})


def test_real_recorders_do_not_drift_from_their_own_samples_and_do_when_turned(shared_data):
    data = read_recorders(shared_data / "hand_keypoints" / "gestures.csv")
    mine = data.take((data.persons == "OlavAusland/LIDIC") & (data.labels == 7))
    usual = reference_statistics(mine.take(np.arange(0, len(mine), 2)))
    others = mine.keypoints[1 :: 2 * (len(mine) // 200)]
    said = {}
    for angle in (0, 60):
        drift = monitor(usual)
        for i, hand in enumerate(others):
            drift.add_frame([Hand(turned(hand, angle), "open_palm")], i / 4, mirrored_view=False)
        said[angle] = drift.describe()
    assert said[0] == "" and "turned by about" in said[60]


# ---------------------------------------------------------------------------------- half bodies

KNEES = BODY_33.index("left_knee")


def people(n: int, without_legs: int) -> np.ndarray:
    points = np.random.default_rng(0).uniform(0, 300, (n, 33, 2)).astype(np.float32)
    points[:without_legs, KNEES:] = np.nan
    return points


def test_the_share_of_samples_that_show_hips_and_legs_by_hand():
    assert measure_coverage(people(10, 3), BODY_33) == {"hips": 1.0, "legs": 0.7}
    assert measure_coverage(np.zeros((4, 21, 2), np.float32), HAND_21) == {}


@pytest.mark.parametrize(("without_legs", "noticed"), [(1, True), (5, False)])
def test_half_a_body_is_noticed_by_who_learned_whole_ones_alone(without_legs, noticed):
    learned = measure_coverage(people(10, without_legs), BODY_33)
    assert find_half_bodies(people(2, 1), BODY_33, learned).tolist() == [noticed, False]


def test_one_leg_behind_the_other_is_no_half_body():
    one = people(1, 0)
    one[0, [BODY_33.index("left_knee"), BODY_33.index("left_ankle")]] = np.nan
    assert not find_half_bodies(one, BODY_33, {"hips": 1.0, "legs": 1.0})[0]


def test_of_a_model_that_says_nothing_nothing_is_known():
    points = np.full((1, 17, 2), np.nan, np.float32)
    assert not find_half_bodies(points, COCO_17, {})[0]
    assert not find_half_bodies(np.full((1, 21, 2), np.nan), HAND_21, {"legs": 1.0})[0]
