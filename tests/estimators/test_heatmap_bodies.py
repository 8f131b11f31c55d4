"""Bodies by a top-down net: a net that finds coloured spots locates them in the picture, whatever
the box, the alignment of its cells and the decoding; and ViTPose's published result.
"""

import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.datasets.bodies import Body
from core.datasets.body_files import read_bodies as persons
from core.errors import EstimatorError, MediaError, WeightsError
from core.estimators import create_estimator
from core.estimators.heatmap_bodies import HeatmapBodies, estimate_in_boxes, locate_heatmaps
from core.estimators.heatmap_net import HeatmapNet
from core.media.pictures import encode_png, read_picture
from core.modelfiles.converted_weights import has_converted_weights
from core.nets import build_net
from core.nets.pose_resnet import Attention, PoseResNet
from core.offline.predicting import predict
from core.paths import Paths
from core.pose.boxes import Box
from core.pose.crops import PersonView
from core.pose.drawing.heatmaps import draw_attention
from core.pose.heatmaps import MapDecoding
from core.pose.skeletons.table import COCO_17
from core.pose.types import Frame
from core.training.net_export import save_net
from core.training.published_nets import save_published_net

NOSE, LEFT_WRIST = COCO_17.index("nose"), COCO_17.index("left_wrist")
HW = (128, 96)
BOX = Box.from_xywh(60.0, 20.0, 70.0, 120.0)


class Spots(nn.Module):
    """Its nose is what is green, its left wrist what is red; the others it never finds. A cell is
    the mean of its pixels ("cells") or its first pixel ("stride")."""

    joints, stages, stride, background, input_hw = 17, 1, 4, False, HW

    def __init__(self, alignment: str) -> None:
        super().__init__()
        self.alignment = alignment

    def forward(self, pictures: Tensor) -> Tensor:
        x = pictures
        x = nn.functional.avg_pool2d(x, 4) if self.alignment == "cells" else x[:, :, ::4, ::4]
        nothing = torch.zeros_like(x[:, :1])
        maps = [nothing] * 17
        maps[NOSE], maps[LEFT_WRIST] = x[:, 1:2], x[:, 0:1]
        return torch.cat(maps, 1)[:, None]


def spots_net(folder: Path, alignment: str, decode: str) -> HeatmapNet:
    about = {"skeleton": COCO_17.name, **asdict(MapDecoding(alignment, decode))}  # type: ignore[arg-type]
    save_net(Spots(alignment), folder, f"spots.{alignment}", about)  # type: ignore[arg-type]
    return HeatmapNet(folder)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for alignment, decode in (("cells", "parabola"), ("stride", "dark")):
        made[alignment] = tmp_path_factory.mktemp(alignment)
        spots_net(made[alignment], alignment, decode)
    return made


def spotted(nose: tuple[float, float], wrist: tuple[float, float] | None = None) -> np.ndarray:
    """A picture 220 wide and 160 high with a soft green and a soft red spot."""
    rows, columns = np.indices((160, 220))
    picture = np.zeros((160, 220, 3), np.float64)
    for channel, spot in ((1, nose), (0, wrist)):
        if spot is not None:
            far = (columns - spot[0]) ** 2 + (rows - spot[1]) ** 2
            picture[..., channel] = 230 * np.exp(-far / (2 * 9.0**2))
    return picture.round().astype(np.uint8)


def test_many_boxes_keep_their_order(folders: dict[str, Path]) -> None:
    net, picture = HeatmapNet(folders["cells"]), spotted((101, 71))
    boxes = [Box.from_xywh(60.0 + i, 20.0, 70.0, 120.0 - i) for i in range(11)]
    found = [heatmaps.region for _, heatmaps in estimate_in_boxes(net, picture, boxes)]
    views = [PersonView.from_box(box, HW) for box in boxes]
    assert found == [locate_heatmaps(net.reading, view, (32, 24)) for view in views]


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("alignment", ["cells", "stride"])
def test_a_spot_is_located_and_unseen_keypoints_are_missing(
    folders: dict[str, Path], alignment: str, flip: bool
) -> None:
    net = HeatmapNet(folders[alignment])
    ((pose, heatmaps),) = estimate_in_boxes(net, spotted((101.3, 71.8)), [BOX], flip=flip)
    # the mirrored person's map lies a quarter of a cell beside where cells begin at pixels
    within = 0.8 if flip and alignment == "stride" else 0.3
    assert pose.keypoints[NOSE] == pytest.approx([101.3, 71.8], abs=within)
    assert pose.scores[NOSE] == pytest.approx(0.9, abs=0.05)
    missing = np.delete(np.arange(17), NOSE)
    assert np.isnan(pose.keypoints[missing]).all() and (pose.scores[missing] == 0).all()
    assert heatmaps.maps.shape == (1, 18, 32, 24) and heatmaps.crop.shape == (128, 96, 3)
    assert heatmaps.maps[0, -1] == pytest.approx(1 - heatmaps.maps[0, :-1].max(axis=0))


def test_the_mirrored_persons_left_is_right_again(folders: dict[str, Path]) -> None:
    """The net says left of what is red also in the mirror, where it is the person's right: the mean
    of both gives half of it to each."""
    net, picture = HeatmapNet(folders["cells"]), spotted((101, 71), wrist=(80, 100))
    ((pose, _),) = estimate_in_boxes(net, picture, [BOX], flip=True)
    right = COCO_17.index("right_wrist")
    assert pose.keypoints[[LEFT_WRIST, right]] == pytest.approx(
        np.array([[80, 100], [80, 100]]), abs=0.3
    )
    assert pose.scores[[LEFT_WRIST, right]] == pytest.approx(0.45, abs=0.03)


def test_the_heatmaps_box_the_maps_by_hand() -> None:
    # the box 60 x 80 with padding is 75 x 100 round (50, 60); seen 96 x 128: 0.78125 px a pixel
    view = PersonView.from_box(Box.from_xywh(20, 20, 60, 80), HW)
    step = 75 / 24  # picture pixels a cell
    for alignment, first in (("stride", 0.0), ("cells", 1.5 * 0.78125)):
        window = locate_heatmaps(MapDecoding(alignment), view, (32, 24))  # type: ignore[arg-type]
        x0, y0, width, height = window.to_xywh()
        assert (width, height) == pytest.approx((75, 100))
        assert x0 + (step - 1) / 2 == pytest.approx(12.5 + first)
        assert y0 + (step - 1) / 2 == pytest.approx(10 + first)
    view = PersonView.from_box(Box.from_xywh(20, 20, 60, 80), HW, ends="centres")
    x0, y0, width, height = locate_heatmaps(MapDecoding("ends"), view, (32, 24)).to_xywh()
    step_x, step_y = 75 / 23, 100 / 31  # the last cell on the last pixel, at the box's end
    assert (width, height) == pytest.approx((24 * step_x, 32 * step_y))
    assert (x0 + (step_x - 1) / 2, y0 + (step_y - 1) / 2) == pytest.approx((12.5, 10))


def test_predict_reads_the_people_of_a_detections_file(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "000000000007.png"
    path.write_bytes(encode_png(spotted((101, 71))))
    found = [list(BOX.to_xywh()), [55.0, 15.0, 80.0, 130.0]]
    detections = [
        {"image_id": 7, "category_id": 1, "bbox": box, "score": 0.9 - i / 10}
        for i, box in enumerate(found)
    ]
    (tmp_path / "boxes.json").write_text(json.dumps(detections))
    with HeatmapBodies(Path(), net_folder=folders["cells"], crop="centre") as bodies:
        [one] = predict(str(path), None, bodies, boxes=tmp_path / "boxes.json")
        with pytest.raises(MediaError, match=r"boxes go with pictures, camera:0"):
            next(predict("camera:0", None, bodies, boxes=tmp_path / "boxes.json"))
    people = one.record()["hands"]
    assert [person["person"] for person in people] == [1, 2]
    for person in people:
        assert person["keypoints"][NOSE] == pytest.approx([101, 71], abs=0.5)


def test_attention_maps_come_with_the_heatmaps(tmp_path: Path) -> None:
    torch.manual_seed(0)
    attention = Attention(holistic=True, part_wise=True, kernel_size=3, iterations=1)
    net = build_net("pose_resnet18", attention=attention, input_hw=(64, 96)).eval()
    assert isinstance(net, PoseResNet)
    save_net(net, tmp_path, "small.both", {"skeleton": COCO_17.name})
    picture, saved = spotted((101, 71)), HeatmapNet(tmp_path)
    assert saved.attends == ("holistic_1", "holistic_2", "holistic_3", "part_wise")
    ((_, heatmaps),) = estimate_in_boxes(saved, picture, [BOX])
    crop = torch.from_numpy(
        PersonView.from_box(BOX, (64, 96)).cut(picture).transpose(2, 0, 1)[None]
    )
    with torch.no_grad():
        maps, seen = net.predict_with_attention(crop / 255)
    assert heatmaps.maps[:, :-1] == pytest.approx(maps[0].numpy(), abs=1e-5)
    assert set(heatmaps.attention) == set(seen)
    for name, one in seen.items():
        assert heatmaps.attention[name] == pytest.approx(one[0].numpy(), abs=1e-5)
    tiles = dict(draw_attention(heatmaps, NOSE))
    assert set(tiles) == set(seen)
    assert (tiles["part_wise"] != heatmaps.crop).any(axis=2).mean() > 0.9


def test_it_tracks_a_person_from_the_whole_picture_without_mediapipe(
    folders: dict[str, Path],
) -> None:
    with HeatmapBodies(Path(), net_folder=folders["cells"], crop="centre", kalman=True) as bodies:
        for i in range(4):
            moved = spotted((100 + 2 * i, 70), wrist=(120 + 2 * i, 90))
            (pose,) = bodies.estimate(Frame(moved, time_s=i / 15, mirrored_view=True)).poses
            assert pose.keypoints[NOSE] == pytest.approx([100 + 2 * i, 70], abs=6)
        dark = bodies.estimate(Frame(np.zeros((160, 220, 3), np.uint8), time_s=1.0))
        assert len(dark.poses) == 1 and not dark.poses[0].scores.any()


def test_bodies_are_found_where_mediapipe_sees_them(
    folders: dict[str, Path], weights_folder: Path, shared_data: Path
) -> None:
    picture = read_picture(shared_data / "samples" / "coco" / "000000000785.jpg")
    with create_estimator("heatmap-net", weights_folder, net_folder=folders["cells"]) as bodies:
        assert isinstance(bodies, HeatmapBodies) and bodies.skeleton == COCO_17.name
        still = bodies.estimate_still(picture, num_poses=1)
        moving = bodies.estimate(Frame(picture, time_s=0.5))
    assert still.skeleton == COCO_17.name and still.estimator == "spots.cells"
    for estimate in (still, moving):
        (heatmaps,) = estimate.heatmaps
        x0, y0, x1, y1 = heatmaps.region
        # the skier stands at (280, 44)..(500, 388) by COCO's annotators
        assert x0 < 300 and x1 > 480 and y0 < 60 and y1 > 370


def test_a_person_hidden_behind_another_is_found_again_and_each_is_found_once(
    weights_folder: Path, shared_data: Path
) -> None:
    """One of two people cut from photos walks before the other and back, at 15 frames a second."""
    mini = persons(shared_data / "coco" / "mini").bodies
    images = (234748, 30752)
    one, other = (standing(next(b for b in mini if b.image_id == i), 330) for i in images)
    options = {"num_poses": 2, "crop": "self"}
    asked, places = 0, []
    with HeatmapBodies(
        weights_folder, net_folder=Paths.find().net("cpm.body_light"), **options
    ) as bodies:
        for number, x in enumerate([*range(600, 90, -20), *range(120, 600, 20), *[600] * 20]):
            picture = np.full((400, 900, 3), 120, np.uint8)
            for person, left in ((one, 100), (other, x)):
                picture[40:370, left : left + person.shape[1]] = person
            estimate = bodies.estimate(Frame(picture, time_s=number / 15))
            asked += estimate.tracking.detected  # type: ignore[union-attr]
            places.append([float(np.nanmean(pose.keypoints[:, 0])) for pose in estimate.poses])
    assert sorted(places[0]) == pytest.approx([175, 675], abs=20)
    assert [len(there) for there in places[25:30]] == [1] * 5  # one before the other
    assert all(abs(np.subtract(*there)) > 30 for there in places if len(there) == 2)
    assert sorted(places[-1]) == pytest.approx(sorted(places[0]), abs=15)
    assert asked <= 1 + len(places) // 15  # a second apart


def standing(body: Body, height: int) -> np.ndarray:
    """A person cut out of a photo with a little room, so many pixels high."""
    x, y, width, tall = body.box.to_xywh()
    rgb = read_picture(body.picture)
    top, left = max(0, int(y - 0.06 * tall)), max(0, int(x - 0.15 * width))
    cut = rgb[top : int(y + 1.06 * tall), left : int(x + 1.15 * width)]
    size = (round(cut.shape[1] * height / cut.shape[0]), height)
    return np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA))


def test_the_net_that_ships_finds_a_skier(shared_data: Path) -> None:
    """COCO's picture 785 was never trained on; the annotated keypoints, errors in torsos."""
    data = shared_data / "samples" / "coco"
    (body,) = [b for b in persons(data / "test_coco.json").bodies if b.image_id == 785]
    net = HeatmapNet(Paths.find().net("cpm.body_light"))
    ((pose, heatmaps),) = estimate_in_boxes(net, read_picture(body.picture), [body.box])
    away = np.linalg.norm(pose.keypoints - body.keypoints, axis=1)
    torso = np.linalg.norm(body.keypoints[5] - body.keypoints[12])
    known = np.isfinite(away)
    assert known.sum() >= 12 and (away[known] < 0.25 * torso).mean() >= 0.7
    assert heatmaps.maps.shape == (3, 18, 32, 24)
    size = sum(f.stat().st_size for f in Paths.find().net("cpm.body_light").iterdir())
    assert size < 8e6


def test_a_hand_net_and_an_unknown_decoding_are_errors(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(EstimatorError, match="wanted are a body's"):
        HeatmapBodies(Path(), net_folder=Paths.find().net("cpm.hand_light"), crop="centre")
    with pytest.raises(EstimatorError, match="no crop “here”"):
        HeatmapBodies(Path(), net_folder=folders["cells"], crop="here")
    for file in folders["cells"].iterdir():
        content = file.read_bytes().replace(b'"parabola"', b'"guess"')
        (tmp_path / file.name).write_bytes(content)
    with pytest.raises(WeightsError, match=r"guess.*newer Mudra"):
        HeatmapNet(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "nose"),
    [
        ("vitpose_base.simple", (398.18051, 181.80838)),
        ("vitpose_base.classic", (398.07913, 181.82812)),
    ],
)
def test_vitpose_gives_its_published_result(
    name: str, nose: tuple[float, float], weights_folder: Path, shared_data: Path, tmp_path: Path
) -> None:
    """transformers' integration test: two persons of COCO's picture 139, the second one's nose and
    eyes; the figures with the flip test are of its conversion."""
    if not has_converted_weights(name, weights_folder):
        pytest.skip(f"the weights are not here: python -m core weights fetch {name}")
    picture = read_picture(shared_data / "coco" / "mini" / "val2017" / "000000000139.jpg")
    boxes = [
        Box.from_xywh(412.8, 157.61, 53.05, 138.01),
        Box.from_xywh(384.43, 172.21, 15.12, 35.74),
    ]
    net = HeatmapNet(save_published_net(name, weights_folder, tmp_path) or tmp_path)
    (_, second) = estimate_in_boxes(net, picture, boxes)
    assert second[1].maps[0, :-1].shape == (17, 64, 48)
    if name == "vitpose_base.simple":
        wanted = [[398.13, 181.84], [398.28, 179.81], [395.96, 179.48]]
        assert second[0].keypoints[:3] == pytest.approx(np.array(wanted), abs=0.15)
        assert second[0].scores[:3] == pytest.approx([0.875, 0.843, 0.927], abs=0.02)
    flipped = estimate_in_boxes(net, picture, boxes, flip=True)[1][0]
    assert flipped.keypoints[0] == pytest.approx(nose, abs=0.15)
