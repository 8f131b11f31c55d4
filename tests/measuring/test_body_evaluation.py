"""Evaluation of bodies: figures by hand, a net in annotated and in detected boxes, and MediaPipe on
real people."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.datasets.bodies import Bodies, Body
from core.datasets.coco import Annotations, Detection, Image, Person
from core.errors import EstimatorError, TrainingError
from core.estimators.heatmap_net import HeatmapNet
from core.measuring.body_evaluation import (
    create_box_finder,
    evaluate_bodies,
    find_in_detections,
    measure_bodies,
)
from core.measuring.coco_evaluation import compute_coco_figures
from core.paths import Paths
from core.pose.boxes import Box
from core.pose.crops import PersonView
from core.pose.skeletons.table import COCO_17, HAND_21
from core.pose.types import Floats, Pose
from core.training.net_export import save_net

HW = (128, 96)
CELLS = np.random.default_rng(0).integers((4, 4), (20, 28), (17, 2))  # x, y of the peaks


class ConstantNet(nn.Module):
    """Its keypoints are the same cells in every picture."""

    joints, stages, stride, background, input_hw = 17, 1, 4, False, HW

    def __init__(self) -> None:
        super().__init__()
        maps = torch.zeros(17, 32, 24)
        maps[torch.arange(17), CELLS[:, 1], CELLS[:, 0]] = 0.8
        self.maps = nn.Parameter(maps)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.maps[None, None] + 0 * pictures.mean((1, 2, 3))[:, None, None, None, None]


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> HeatmapNet:
    folder = tmp_path_factory.mktemp("net")
    about = {"skeleton": COCO_17.name, "alignment": "stride", "decode": "quarter"}
    save_net(ConstantNet(), folder, "same.coco", about)  # type: ignore[arg-type]
    return HeatmapNet(folder)


def expected_keypoints(box: Box) -> Floats:
    """Return the net's keypoints in the picture, for a box: four input pixels a cell."""
    return PersonView.from_box(box, HW).to_picture(4 * CELLS.astype(np.float32))


BOXES = {
    1: Box(20.0, 30.0, 80.0, 130.0),
    2: Box(120.0, 30.0, 170.0, 140.0),
    3: Box(15.0, 10.0, 95.0, 150.0),
}


@pytest.fixture
def coco(tmp_path: Path) -> tuple[Annotations, Bodies, Path]:
    """Two persons in picture 7, one in picture 8, each where the net would have them."""
    persons, bodies = [], []
    for number, box in BOXES.items():
        points = expected_keypoints(box)
        image = 7 if number < 3 else 8
        labelled = np.concatenate([points, np.full((17, 1), 2.0)], 1)
        area = box.area
        persons.append(Person(number, image, 1, box.to_xywh(), area, labelled, 17, False))
        bodies.append(Body(tmp_path / f"{image}.png", points, box, "", image, area))
    images = {number: Image(number, f"{number}.png", (160, 220)) for number in (7, 8)}
    for number in images:
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((160, 220, 3), np.uint8))
    return Annotations(images, persons, [1]), Bodies(COCO_17, bodies), tmp_path


def test_a_net_that_is_right_in_every_annotated_box_has_perfect_figures(net, coco) -> None:
    annotations, data, _ = coco
    find = create_box_finder(net, flip=False)
    found = evaluate_bodies(find, COCO_17, data, annotations=annotations)
    assert (found["n"], found["found"], found["measured"]) == (3, 3, 3)
    assert found["pck@0.2"] == {"share": 1.0, "interval": [1.0, 1.0]}
    assert found["oks"] > 0.95  # at most a quarter of a cell off
    assert found["coco"]["AP"] == pytest.approx(1) and found["coco"]["AR"] == pytest.approx(1)


def test_pck_and_oks_of_moved_keypoints_by_hand(coco) -> None:
    _, data, _ = coco
    torso = data.measure_torso(data.bodies[0].keypoints)

    def find(rgb, bodies):
        """The first person moved by 0.15 torsos, the second not found, the third as it is."""
        poses = []
        for body in bodies:
            shift = 0.15 * torso if body.box == BOXES[1] else 0.0
            moved = body.keypoints + np.array([shift, 0], np.float32)
            poses.append([] if body.box == BOXES[2] else [Pose(moved, np.ones(17, np.float32))])
        return poses

    found = evaluate_bodies(find, COCO_17, data)
    assert (found["n"], found["found"], found["coco"]) == (3, 2, None)
    assert found["pck@0.1"]["share"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["pck@0.2"]["share"] == pytest.approx(2 / 3, abs=1e-4)
    # two pictures: of one both counted, or the other, or each once
    assert found["pck@0.2"]["interval"] == [0.5, 1.0]
    assert found["keypoints"]["nose"] == pytest.approx(2 / 3, abs=1e-4)
    sigmas = np.array(COCO_17.oks_sigmas)
    similarity = np.exp(-((0.15 * torso) ** 2) / (2 * 6000 * (2 * sigmas) ** 2)).mean()
    assert found["oks"] == pytest.approx((similarity + 0 + 1) / 3, abs=1e-4)


def test_other_bodies_reduce_ap_in_whole_pictures_alone(coco) -> None:
    annotations, data, _ = coco
    nobody = Pose(expected_keypoints(Box(150.0, 5.0, 180.0, 65.0)), np.ones(17, np.float32), 0.99)

    def find(rgb, bodies):
        poses = [nobody, *(Pose(b.keypoints, np.ones(17, np.float32), 0.9) for b in bodies)]
        return [poses for _ in bodies]

    alone = evaluate_bodies(find, COCO_17, data, annotations=annotations)
    whole = evaluate_bodies(find, COCO_17, data, annotations=annotations, whole=True)
    assert alone["pck@0.2"] == whole["pck@0.2"]
    assert alone["coco"]["AP"] == pytest.approx(1) and whole["coco"]["AP"] < 0.7


def test_of_duplicate_detections_the_best_is_kept(net, coco) -> None:
    annotations, _, folder = coco
    x, y, width, height = BOXES[1].to_xywh()
    boxes = [Detection(8 if n == 3 else 7, 1, box.to_xywh(), 0.9) for n, box in BOXES.items()]
    boxes.append(Detection(7, 1, (x + 0.5, y, width, height), 0.8))  # the first again
    boxes.append(Detection(9, 1, BOXES[1].to_xywh(), 0.9))  # of a picture that is not asked about
    boxes.append(Detection(7, 62, BOXES[1].to_xywh(), 0.9))  # a chair
    results = find_in_detections(net, annotations, folder, boxes, flip=False)
    assert [one.image_id for one in results] == [7, 7, 8]
    assert [one.score for one in results] == pytest.approx([0.9 * 0.8] * 3, abs=1e-3)
    assert compute_coco_figures(annotations, results)["AP"] == pytest.approx(1)


def test_bodies_are_not_measured_on_hands(coco) -> None:
    with pytest.raises(EstimatorError, match="finds hand_21 keypoints, the data has coco_17"):
        evaluate_bodies(lambda rgb, bodies: [[]] * len(bodies), HAND_21, coco[1])


def test_mediapipe_finds_the_persons_of_four_coco_pictures(shared_data, weights_folder) -> None:
    data = shared_data / "samples" / "coco" / "test_coco.json"
    found = measure_bodies(Paths.find(), "mediapipe-pose", data, None)
    assert (found["n"], found["found"]) == (12, 11)
    assert found["pck@0.2"]["share"] > 0.7 and found["oks"] > 0.65
    assert found["coco"]["AP50"] > 0.6


def test_no_people_and_unsuited_estimators_are_errors(shared_data, tmp_path) -> None:
    data = shared_data / "samples" / "coco" / "test_coco.json"
    unlabelled = json.loads(data.read_text())
    for person in unlabelled["annotations"]:
        person |= {"keypoints": [0] * 51, "num_keypoints": 0}
    (tmp_path / "nobody.json").write_text(json.dumps(unlabelled))
    with pytest.raises(TrainingError, match="no labelled person"):
        measure_bodies(Paths.find(), "mediapipe-pose", tmp_path / "nobody.json", None)
    with pytest.raises(EstimatorError, match="detections are for nets"):
        measure_bodies(Paths.find(), "mediapipe-pose", data, None, detections=data)
    with pytest.raises(EstimatorError, match="`evaluate-net` measures nets of hands"):
        measure_bodies(Paths.find(), "cpm.hand_light", data, None)
