"""A body net from an ONNX file gets its preprocessing and is used like any other; other graphs are
errors, and nothing in them is trusted."""

import pickle
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser

from core.errors import WeightsError
from core.estimators.heatmap_bodies import estimate_in_boxes
from core.estimators.heatmap_net import HeatmapNet
from core.modelfiles.catalogue import BGR_SCALING, RGB_SCALING
from core.modelfiles.converted_weights import (
    has_converted_weights,
    import_weights,
    load_weights,
    verify_weights,
)
from core.pose.boxes import Box
from core.pose.crops import PersonView
from core.pose.skeletons.table import COCO_17
from core.training.published_nets import save_published_net

MAPS, AXES = "pose_resnet50.mmpose_256x192", "rtmpose_m.body8_256x192"
NOSE = COCO_17.index("nose")
BOX = Box.from_xywh(60.0, 20.0, 90.0, 120.0)  # has the input's shape: 112.5 x 150 px are seen


def graph(nodes: str, outputs: str, batch: int | str, constants: str = "") -> bytes:
    """A graph of one picture input, as mmdeploy or torch exports one, in ONNX's own text. Its
    `kernel` is a 1x1 convolution: keypoint 0 is the first channel, the others nothing."""
    head = f'<ir_version: 7, opset_import: ["": 11]> net (float[{batch}, 3, 256, 192] pictures)'
    model = parser.parse_model(f"{head} => ({outputs}) <{constants}> {{{nodes}}}")
    kernel = np.zeros((17, 3, 1, 1), np.float32)
    kernel[NOSE, 0] = 1
    model.graph.initializer.insert(0, numpy_helper.from_array(kernel, "kernel"))
    return model.SerializeToString()


def maps_net(batch: int | str = "N") -> bytes:
    """Keypoint 0 is where the first channel is high, in every fourth pixel."""
    nodes = "rows = Conv <strides = [4, 4]> (pictures, kernel)"
    return graph(nodes, f"float[{batch}, 17, 64, 48] rows", batch)


def axes_net(batch: int | str = "N") -> bytes:
    """The same for each axis: the highest of each column and row, two places a pixel."""
    nodes, constants = "all = Conv(pictures, kernel)", "int64[4] twice = {1, 1, 1, 2}"
    for axis, name, places in ((2, "x", 384), (3, "y", 512)):
        nodes += f"""
            line_{name} = ReduceMax <axes = [{axis}], keepdims = 0> (all)
            column_{name} = Unsqueeze <axes = [3]> (line_{name})
            pairs_{name} = Tile(column_{name}, twice)
            simcc_{name} = Reshape(pairs_{name}, places_{name})"""
        constants += f", int64[3] places_{name} = {{-1, 17, {places}}}"
    outputs = f"float[{batch}, 17, 384] simcc_x, float[{batch}, 17, 512] simcc_y"
    return graph(nodes, outputs, batch, constants)


def spotted(x: int, y: int, rgb: tuple[int, int, int]) -> np.ndarray:
    """A dark picture, 220 wide and 160 high, with a spot."""
    picture = np.zeros((160, 220, 3), np.uint8)
    picture[y - 1 : y + 2, x - 1 : x + 2] = rgb
    return picture


def used(name: str, data: bytes, folder) -> HeatmapNet:  # type: ignore[no-untyped-def]
    file = folder / "end2end.onnx"
    file.write_bytes(data)
    record = import_weights(name, file, folder / "weights")
    assert record["parameters"] >= 51 and verify_weights(name, folder / "weights") == record
    return HeatmapNet(save_published_net(name, folder / "weights", folder / "nets"))


@pytest.mark.parametrize("batch", ["N", 1], ids=["any number", "one at a time"])
@pytest.mark.parametrize(("name", "data"), [(MAPS, maps_net), (AXES, axes_net)])
def test_a_spot_is_found_in_every_box(
    tmp_path, name: str, data: Callable, batch: int | str
) -> None:
    net = used(name, data(batch), tmp_path)
    assert net.is_simcc == (name == AXES) and net.skeleton == COCO_17.name
    boxes = [BOX, Box.from_xywh(70.0, 10.0, 90.0, 120.0)]
    for pose, heatmaps in estimate_in_boxes(net, spotted(120, 70, (255, 0, 0)), boxes):
        assert pose.keypoints[NOSE] == pytest.approx([120, 70], abs=1.5)
        assert pose.scores[NOSE] == 1 and not np.delete(pose.scores, NOSE).any()
        assert heatmaps.maps.shape == (1, 18, 64, 48)
        x, y = heatmaps.to_picture(
            np.array(np.unravel_index(heatmaps.maps[0, NOSE].argmax(), (64, 48))[::-1], "f4")
        )
        assert (x, y) == pytest.approx((120, 70), abs=2.5)


def test_the_picture_reaches_the_graph_scaled_as_the_entry_says(tmp_path) -> None:
    net = used(AXES, axes_net(), tmp_path)
    crop = np.full((1, 256, 192, 3), (200, 100, 50), np.uint8)
    along_x, along_y = net.predict_simcc(crop)
    assert along_x.shape == (1, 17, 384) and along_y.shape == (1, 17, 512)
    assert along_x[0, NOSE] == pytest.approx((200 - 123.675) / 58.395, rel=1e-4)
    bgr = used("pose_resnet50.microsoft_256x192", maps_net(), tmp_path)
    (maps,) = bgr.predict_heatmaps(crop)
    assert maps[0, NOSE] == pytest.approx((50 - 123.675) / 58.395, rel=1e-4)
    assert (RGB_SCALING.channels, BGR_SCALING.channels) == ("RGB", "BGR")


def test_the_mirrored_person_is_turned_back_along_x_alone(tmp_path) -> None:
    net = used(AXES, axes_net(), tmp_path)
    ((pose, _),) = estimate_in_boxes(net, spotted(120, 70, (255, 0, 0)), [BOX], flip=True)
    assert pose.keypoints[NOSE] == pytest.approx([120, 70], abs=1.5)


def test_simcc_lies_on_the_picture_by_hand(tmp_path) -> None:
    """Place 2·x of an input pixel x; the view's step is 112.5 / 192."""
    net = used(AXES, axes_net(), tmp_path)
    picture = np.zeros((160, 220, 3), np.uint8)
    picture[:, :105] = (255, 0, 0)  # the first of equal places counts: the upper left corner
    ((pose, _),) = estimate_in_boxes(net, picture, [BOX])
    corner = PersonView.from_box(BOX, (256, 192)).to_picture(np.array([0.0, 0.0], np.float32))
    assert corner.tolist() == [48.75, 5.0]
    assert pose.keypoints[NOSE] == pytest.approx([48.75, 5.0], abs=1e-3)


def foreign(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.microsoft"


def fewer(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].CopyFrom(
        numpy_helper.from_array(np.zeros((16, 3, 1, 1), np.float32), "kernel")
    )
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 16


def one_channel(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (foreign, "com.microsoft"),
        (fewer, r"has outputs \[\(1, 16, 64, 48\)\], expected are maps \(1, 17, h, w\)"),
        (one_channel, "does not run on a picture of 256x192"),
    ],
)
def test_what_is_no_such_net_is_told_and_not_kept(tmp_path, change: Callable, said: str) -> None:
    model = onnx.load_model_from_string(maps_net())
    change(model)
    file = tmp_path / "net.onnx"
    file.write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match=said):
        import_weights(MAPS, file, tmp_path / "weights")
    assert not has_converted_weights(MAPS, tmp_path / "weights")


def test_what_is_no_onnx_or_no_body_is_told(tmp_path) -> None:
    file = tmp_path / "net.onnx"
    file.write_bytes(pickle.dumps(print))
    with pytest.raises(WeightsError, match="is not an ONNX file"):
        import_weights(AXES, file, tmp_path)
    for name in ("cpm.body", "resnet18.imagenet"):
        with pytest.raises(WeightsError, match=f"{name} is not read from ONNX"):
            import_weights(name, file, tmp_path)
    other = tmp_path / "net.pth"
    other.write_bytes(b"PK")
    with pytest.raises(WeightsError, match=r"an ONNX graph, not net\.pth: the end2end\.onnx"):
        import_weights(AXES, other, tmp_path)


def test_an_altered_graph_does_not_verify(tmp_path) -> None:
    used(AXES, axes_net(), tmp_path)
    with pytest.raises(WeightsError, match="which has no arrays to load"):
        load_weights(AXES, tmp_path / "weights")
    with (tmp_path / "weights" / f"{AXES}.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(WeightsError, match="altered"):
        verify_weights(AXES, tmp_path / "weights")
