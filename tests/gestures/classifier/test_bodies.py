"""Body poses are learned as hands are: real people's 17 keypoints, labelled by a stated rule."""

import json

import numpy as np
import pytest
import torch

from core.errors import ModelError
from core.gestures.classifier.augmentation import Augmentation, Symmetries, augment
from core.gestures.classifier.fitting import TrainOptions
from core.gestures.classifier.learner import train
from core.gestures.data import GestureData
from core.gestures.features import get_feature_set
from core.gestures.labels import GestureLabel
from core.gestures.modelfile.gesture_model import GestureModel
from core.pose.skeletons.table import COCO_17, HAND_21
from core.training.runs import Run
from tests.support.gesture_samples import gesture_samples

GESTURES = (GestureLabel("both forearms up", "🙌"), GestureLabel("both down"), GestureLabel("one"))


@pytest.fixture(scope="module")
def people(shared_data) -> GestureData:
    """COCO's people whose arms are seen: is each wrist above its elbow? A picture is a person."""
    found = json.loads((shared_data / "coco/person_keypoints_val2017_part.json").read_text())
    sides, joints = ("left", "right"), ("shoulder", "elbow", "wrist")
    arms = [COCO_17.index(f"{side}_{joint}") for side in sides for joint in joints]
    rows, labels, pictures = [], [], []
    for person in found["annotations"]:
        flat = np.array(person["keypoints"], np.float32).reshape(-1, 3)
        points = np.where(flat[:, 2:] > 0, flat[:, :2], np.nan)
        if person["area"] < 64**2 or np.isnan(points[arms]).any():
            continue
        (_, left_elbow, left_wrist), (_, right_elbow, right_wrist) = np.split(points[arms, 1], 2)
        up = int(left_wrist < left_elbow) + int(right_wrist < right_elbow)
        rows.append(points)
        labels.append({2: 0, 0: 1, 1: 2}[up])
        pictures.append(str(person["image_id"]))
    return gesture_samples(
        rows, labels, GESTURES, pictures, estimator="coco-truth", skeleton="coco_17"
    )


@pytest.fixture(scope="module")
def trained(people, tmp_path_factory) -> Run:
    run = Run.create(tmp_path_factory.mktemp("bodies"))
    train(people, run, TrainOptions(epochs=6))
    return run


def test_poses_of_people_in_other_pictures_are_read(trained, people):
    assert np.isnan(people.keypoints).any()
    guessed = np.bincount(people.labels).max() / len(people)  # by who always says the same
    assert guessed < 0.6
    figures = next(line for line in trained.records("result"))["figures"]
    assert figures["accuracy"] > guessed + 0.2


def test_the_saved_model_knows_its_skeleton_and_refuses_hands(trained, people):
    model = GestureModel.load(trained.path)
    assert model.skeleton is COCO_17
    answers = model.predict(people.keypoints, people.mirrored_view)[0].argmax(1)
    assert (answers == people.labels).mean() > 0.8
    with pytest.raises(ModelError, match="knows coco_17 keypoints"):
        model.predict(np.zeros((1, 21, 2), np.float32), np.zeros(1, bool))[0]
    with pytest.raises(ModelError, match="knows coco_17 keypoints, these are hand_21"):
        model.check_estimator("coco-truth", "hand_21")
    rejection = model.metadata["rejection"]
    assert rejection["score"] == "made-up bodies"
    assert "bodies made of two" in rejection["measured_on"]


def test_a_body_seen_from_behind_keeps_its_outline_and_its_label(people):
    points, labels = torch.from_numpy(people.keypoints), torch.from_numpy(people.labels)
    generator, meaning = torch.Generator().manual_seed(0), Symmetries.from_gestures(people.gestures)
    behind = Augmentation(behind=1.0)
    seen, same = augment(points, labels, behind, meaning, generator, people.feature_set)
    np.testing.assert_array_equal(seen.numpy(), people.keypoints[:, COCO_17.mirror_order])
    assert torch.equal(same, labels)
    hand = torch.from_numpy(np.random.default_rng(0).normal(0, 50, (9, 21, 2)).astype(np.float32))
    kept, _ = augment(hand, labels[:9], behind, meaning, generator, get_feature_set(HAND_21.name))
    assert torch.equal(kept, hand)
