"""Both hands become samples as one pose, of which one hand may be missing: recorded, as clips, and
from tables."""

import numpy as np
import pandas as pd
import pytest

from core.errors import TableError
from core.estimators.both_hands import pair_hands
from core.pose.types import Estimate, Frame, Pose
from core.recording.imports.tables import read_table
from core.recording.plans import Plan
from core.recording.recorder import Recorder
from core.recording.samples import CUT_OFF, DUPLICATE, make_sample, select_valid_pose
from core.store.rows import MOVING
from tests.recording.conftest import ALL, SIZE_HW, hand


def seen(*poses, time_s=0.0):
    return Estimate(poses, SIZE_HW, "mediapipe-both-hands", time_s, True, skeleton="hands_42")


def both(apart=200.0, shift=0.0):
    """The right hand where `hand` has it, the left one beside it."""
    left = hand(shift + apart)
    return pair_hands([hand(shift), Pose(left.keypoints, left.scores, left.score, "Left")])


ALONE = pair_hands([hand()])


@pytest.fixture
def pairs(store):
    return store.create_project("Pairs", skeleton="hands_42")


def recorded(store, project, gesture, frames):
    recorder = Recorder(store, project.id, "me", write_interval_s=0.01)
    recorder.start(gesture.id, ALL if not gesture.moves else Plan(rate_hz=100))
    for time_s, *poses in frames:
        frame = Frame(np.zeros((*SIZE_HW, 3), np.uint8), time_s, 0, "webcam", True)
        recorder.offer(frame, seen(*poses, time_s=time_s), "v1")
    recorder.stop()
    recorder.close()
    return store.samples(project.id, newest_first=False)


def test_one_hand_of_a_pair_is_a_sample_and_half_of_one_is_not():
    assert select_valid_pose(seen(both()), None) is not None
    assert isinstance(select_valid_pose(seen(ALONE), None), Pose)
    half_outside = pair_hands([hand(390)])
    assert select_valid_pose(seen(half_outside), None) == CUT_OFF
    assert select_valid_pose(seen(), None) == "no hand"


def test_a_hand_that_moves_comes_or_goes_makes_another_sample():
    assert select_valid_pose(seen(both()), both().keypoints) == DUPLICATE
    assert isinstance(select_valid_pose(seen(both(apart=215)), both().keypoints), Pose)
    assert isinstance(select_valid_pose(seen(ALONE), both().keypoints), Pose)  # one hand went
    left = both().keypoints.copy()
    left[21:] = np.nan
    assert isinstance(select_valid_pose(seen(ALONE), left), Pose)  # another hand


def test_the_crop_is_round_both_hands():
    frame = Frame(np.zeros((*SIZE_HW, 3), np.uint8))
    x0, y0, side = make_sample(frame, both(), seen(both())).region
    # from 200 to 500 and from 120 to 320: its middle is (350, 220), its longer side 300
    assert side == pytest.approx(1.3 * 300, rel=0.01)
    assert (x0 + side / 2, y0 + side / 2) == pytest.approx((350, 220), abs=1.5)


def test_samples_come_back_with_the_hand_missing_that_was_not_seen(store, pairs):
    gesture = store.gestures(pairs.id)[0]
    found = recorded(store, pairs, gesture, [(0.0, both()), (0.5, ALONE), (1.0, both(260, 30))])
    assert [np.isfinite(sample.pose).all(1).sum() for sample in found] == [42, 21, 42]
    assert np.isnan(found[1].pose[:21]).all() and found[1].handedness is None
    data = store.training_data(pairs.id)
    assert data.keypoints.shape == (3, 42, 2) and data.skeleton == "hands_42"


def test_a_movement_of_both_hands_is_one_clip_though_one_is_lost_for_a_frame(store, pairs):
    gesture = store.add_gesture(pairs.id, "apart", kind=MOVING)
    way = np.r_[np.zeros(8), np.linspace(0, 240, 16), np.full(8, 240)]
    frames = [(n / 15, both(120 + x, -x / 2)) for n, x in enumerate(way)]
    frames[14] = (frames[14][0], pair_hands([hand(-way[14] / 2)]))
    [clip] = recorded(store, pairs, gesture, frames)
    assert 14 <= clip.frames <= 22
    assert np.isnan(clip.keypoints).any((1, 2)).sum() == 1
    between = clip.keypoints[:, 0, 0] - clip.keypoints[:, 21, 0]
    assert between[-1] - between[0] > 200


def test_a_few_keypoints_of_one_hand_are_a_movement_beside_a_hand_that_rests(store, pairs):
    gesture = store.add_gesture(pairs.id, "pinch", kind=MOVING)
    frames = []
    for n, way in enumerate(np.r_[np.zeros(8), np.linspace(0, 90, 10), np.full(8, 90)]):
        pose = both()
        pose.keypoints[22:27, 0] += way  # a quarter of the right hand, an eighth of both
        frames.append((n / 15, pose))
    [clip] = recorded(store, pairs, gesture, frames)
    assert 8 <= clip.frames <= 14


def table(path, hands):
    names = ["gesture", *(f"{axis}{joint}" for joint in range(42) for axis in "xy")]
    pd.DataFrame(hands, columns=names).to_csv(path, index=False)
    return path


def test_a_table_of_42_keypoints_is_of_both_hands(tmp_path):
    numbers = np.arange(84.0)
    rows = [["open_hands", *numbers], ["heart", *[None] * 42, *numbers[42:]]]
    read = read_table(table(tmp_path / "a.csv", rows), skeleton="hands_42")
    assert (read.skeleton, read.estimator) == ("hands_42", "mediapipe-both-hands")
    np.testing.assert_array_equal(read.keypoints[0], numbers.reshape(42, 2))
    assert np.isnan(read.keypoints[1, :21]).all()
    np.testing.assert_array_equal(read.keypoints[1, 21:], numbers[42:].reshape(21, 2))
    assert read.gestures.tolist() == ["open_hands", "heart_hands"]


@pytest.mark.parametrize("empty", [1, 41, 84])
def test_half_a_hand_in_a_table_and_no_hand_at_all_are_refused_with_their_line(tmp_path, empty):
    numbers = [*np.arange(84.0)]
    bad = ["open_hands", *[None] * empty, *numbers[empty:]]
    path = table(tmp_path / "a.csv", [["open_hands", *numbers], bad])
    with pytest.raises(TableError, match=r"keypoints must be finite numbers.*3"):
        read_table(path, skeleton="hands_42")
