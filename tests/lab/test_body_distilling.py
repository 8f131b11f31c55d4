"""What the light body net learns from: the teacher's keypoints where the annotations agree."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.datasets.body_files import read_bodies
from core.errors import TrainingError
from core.estimators import create_estimator
from core.lab.body_distilling import crop_person, distil_bodies, merge_keypoints
from core.media.pictures import read_picture
from core.pose.boxes import Box
from core.pose.skeletons.table import BODY_33, COCO_17, LSP_14, convert_keypoints
from core.pose.types import Pose

NOSE, LEFT_EAR, RIGHT_ANKLE = (COCO_17.index(name) for name in ("nose", "left_ear", "right_ankle"))


def teachers(keypoints: np.ndarray, hidden: tuple[str, ...] = ()) -> Pose:
    visibility = np.ones(BODY_33.size, np.float32)
    visibility[[BODY_33.index(name) for name in hidden]] = 0.2
    return Pose(keypoints, np.ones(BODY_33.size, np.float32), 0.9, visibility=visibility)


@pytest.fixture
def said() -> np.ndarray:
    return np.random.default_rng(0).uniform(20, 180, (BODY_33.size, 2)).astype(np.float32)


def test_the_teacher_counts_where_it_is_near_and_where_only_it_sees(said: np.ndarray) -> None:
    of_coco = convert_keypoints(said, BODY_33, COCO_17)
    annotated = of_coco + np.float32(1)
    annotated[RIGHT_ANKLE] += 50
    annotated[[NOSE, LEFT_EAR]] = np.nan
    found, own = merge_keypoints(teachers(said, ("left_ear",)), BODY_33, annotated, tolerance_px=4)
    assert [COCO_17.joints[i] for i in np.flatnonzero(~own)] == ["left_ear", "right_ankle"]
    assert np.isnan(found[LEFT_EAR]).all()  # nobody marked it, and the teacher only guesses it
    assert found[RIGHT_ANKLE] == pytest.approx(annotated[RIGHT_ANKLE])
    assert found[NOSE] == pytest.approx(of_coco[NOSE])
    assert found[own] == pytest.approx(of_coco[own])


def test_a_teacher_that_is_wrong_about_most_is_not_heard(said: np.ndarray) -> None:
    annotated = convert_keypoints(said, BODY_33, COCO_17)
    annotated[5:] += 50  # 12 of 17
    annotated[NOSE] = np.nan
    found, own = merge_keypoints(teachers(said), BODY_33, annotated, tolerance_px=4)
    assert not own.any()
    np.testing.assert_array_equal(found, annotated)
    assert not merge_keypoints(None, BODY_33, annotated, tolerance_px=4)[1].any()


@pytest.mark.parametrize("size", [(90, 60), (900, 600)])
def test_keypoints_and_box_stay_where_they_are_in_what_is_cut_out(size: tuple[int, int]) -> None:
    height, width = size
    at = np.array([0.4 * width, 0.6 * height]).round()
    picture = np.zeros((height, width, 3), np.uint8)
    radius = width // 20
    cv2.circle(picture, (int(at[0]), int(at[1])), radius, (255, 255, 255), -1)
    box = Box.from_xywh(at[0] - radius, at[1] - radius, 0.5 * width, 0.3 * height)
    crop, there, points = crop_person(picture, box, np.float32([at, (np.nan, np.nan)]))
    y, x = np.nonzero(crop[..., 0] > 127)
    assert points[0] == pytest.approx([x.mean(), y.mean()], abs=0.3)
    assert (x.min(), y.min()) == pytest.approx(there[:2], abs=1.5)
    assert np.isnan(points[1]).all() and max(crop.shape) <= 288
    assert there.width / there.height == pytest.approx(box.width / box.height)


def test_real_persons_are_written_for_training_and_those_held_out_keep_their_annotations(
    shared_data: Path, weights_folder: Path, tmp_path: Path
) -> None:
    source, few = shared_data / "body" / "lspet", tmp_path / "lspet"
    (few / "images").mkdir(parents=True)
    lines = (source / "joints.csv").read_text().splitlines()[:11]
    (few / "joints.csv").write_text("\n".join(lines) + "\n")
    for line in lines[1:]:
        shutil.copy(source / "images" / line.split(",")[0], few / "images")
    plain = tmp_path / "plain"
    plain.mkdir()
    webcam = sorted((shared_data / "hand_images" / "emrecandir" / "point_up").iterdir())[0]
    shutil.copy(webcam, plain)
    with create_estimator("mediapipe-pose", weights_folder) as teacher:
        counts = distil_bodies([few], tmp_path / "out", teacher, pictures=[plain])
    assert (counts["train"], counts["val"]) == (9, 2)
    assert 9 >= counts["found"] >= counts["agreed"] >= 4
    assert counts["keypoints"] > counts["teachers"] > 30
    made, annotated = read_bodies(tmp_path / "out"), read_bodies(few)
    assert made.skeleton is COCO_17 and made.held_out_sets == ["val"]
    held_out = [body for body in annotated.bodies if body.held_out]
    for row, body in zip(made.rows("val"), held_out, strict=True):
        truth = convert_keypoints(body.keypoints, LSP_14, COCO_17)
        _, _, wanted = crop_person(read_picture(body.picture), body.box, truth)
        np.testing.assert_allclose(made.bodies[row].keypoints, wanted, atol=0.01)
    learned = np.array([made.bodies[row].keypoints for row in made.rows("")])
    assert np.isfinite(learned[:, NOSE]).any()  # which nobody annotated
    assert np.isfinite(learned[-1, NOSE]).all() and np.isnan(learned[-1, RIGHT_ANKLE]).all()


def test_nobody_to_learn_from_is_said(
    shared_data: Path, weights_folder: Path, tmp_path: Path
) -> None:
    text = (shared_data / "body" / "lspet" / "joints.csv").read_text().splitlines()
    (tmp_path / "joints.csv").write_text("\n".join(text[:1]) + "\n")
    with (
        create_estimator("mediapipe-pose", weights_folder) as teacher,
        pytest.raises(TrainingError, match="no person in the pictures is large"),
    ):
        distil_bodies([tmp_path], tmp_path / "out", teacher)
