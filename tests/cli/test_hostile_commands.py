"""Hostile files given to the command line itself: one line of error, little memory, little time."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import onnx
import pyarrow as pa
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from pyarrow import parquet

from core.exchange.model_files import export_model
from core.exchange.tables.columns import MARKS, number_columns
from core.gestures.modelfile.bundle import add_hashes, write_zip
from core.gestures.modelfile.gesture_model import GestureModel
from core.paths import Paths

MAX_MB, MAX_SECONDS = 512, 20  # of memory and of computing

KEYPOINTS = [f"{axis}{joint}" for joint in range(21) for axis in "xy"]
# Runs a command; prints its exit status, and the most MB and the seconds that it took
WATCH = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.returncode, used.ru_maxrss // 1024, round(used.ru_utime + used.ru_stime))
"""


def parquet_of(length: int, rows: int, *, ours: bool = False) -> Callable[[Path], list[str]]:
    """One text in every row, which the file holds once."""

    def make(folder: Path) -> list[str]:
        texts = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array(["x" * length]))
        numbers = (*MARKS, *number_columns(21, 2)) if ours else KEYPOINTS
        columns = dict.fromkeys(numbers, pa.array(np.zeros(rows)))
        columns["gesture"] = texts.cast(pa.dictionary(pa.int32(), pa.large_string()))
        parquet.write_table(pa.table(columns), folder / "a.parquet", compression="zstd")
        return ["import", str(folder / "a.parquet"), "--project", "p"]

    return make


def long_json(folder: Path) -> list[str]:
    with (folder / "a.json").open("w") as file:
        file.write('{"info": "')
        file.writelines(["x" * 2**20] * 128)
        file.write('", "images": [], "annotations": [], "categories": []}')
    return ["import", str(folder / "a.json"), "--project", "p"]


def playlist(folder: Path) -> list[str]:
    with av.open(str(folder / "secret.ts"), "w", format="mpegts") as out:
        stream = out.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for seed in range(20):
            noise = np.random.default_rng(seed).integers(0, 256, (120, 160, 3), np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="rgb24")))
        out.mux(stream.encode())
    (folder / "a.mp4").write_text("ffconcat version 1.0\nfile secret.ts\n")
    return ["predict", "-i", str(folder / "a.mp4"), "--json"]


def huge_weights(folder: Path) -> list[str]:
    with (folder / "a.onnx").open("wb") as file:
        file.truncate(5 * 2**30)  # sparse: it takes no room
    return ["weights", "import", "rtmpose.onnx_256x192", str(folder / "a.onnx")]


def sparse_weights(folder: Path) -> list[str]:
    import torch

    torch.save({"conv1_1.weight": torch.eye(3).to_sparse()}, folder / "a.pth")
    return ["weights", "import", "cpm.openpose_hand", str(folder / "a.pth")]


def product_of(nodes: int, outputs: tuple[str, int]) -> tuple[list[Any], list[Any]]:
    """A graph's operators that multiply large matrices for hours, and its constants."""
    node, (name, count) = helper.make_node, outputs
    chain = [node("ConstantOfShape", ["side"], ["m0"])]
    chain += [node("MatMul", [f"m{i}", "m0"], [f"m{i + 1}"]) for i in range(nodes)]
    chain += [
        node("ReduceSum", [f"m{nodes}"], ["sum"], keepdims=0),
        node("Expand", ["sum", "shape"], [name]),
    ]
    sizes = {"side": [2500, 2500], "shape": [1, count]}
    return chain, [numpy_helper.from_array(np.array(v), k) for k, v in sizes.items()]


def net_of(nodes: list[Any], constants: list[Any]) -> Callable[[Path], list[str]]:
    """A pose net with these operators."""

    def make(folder: Path) -> list[str]:
        picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 256, 192])
        answer = helper.make_tensor_value_info("o", TensorProto.FLOAT, None)
        graph = helper.make_graph(nodes, "net", [picture], [answer], constants)
        content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        (folder / "a.onnx").write_bytes(content.SerializeToString())
        return ["weights", "import", "rtmpose.onnx_256x192", str(folder / "a.onnx")]

    return make


def slow_bundle(folder: Path) -> list[str]:
    """The exported starter with another graph, its hashes made right again."""
    paths = Paths.find()
    export_model(GestureModel.load(paths.starter), folder / "starter.gesture", paths)
    with zipfile.ZipFile(folder / "starter.gesture") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    model = onnx.load_model_from_string(members["model.onnx"])
    nodes, constants = product_of(3000, ("probabilities", 9))
    graph = helper.make_graph(nodes, "g", model.graph.input, model.graph.output[:1], constants)
    members["model.onnx"] = helper.make_model(
        graph, opset_imports=model.opset_import
    ).SerializeToString()
    metadata = json.loads(members.pop("metadata.json"))
    metadata["onnx_sha256"] = hashlib.sha256(members["model.onnx"]).hexdigest()
    members["metadata.json"] = json.dumps(add_hashes(metadata, members)).encode()
    write_zip(folder / "a.gesture", members)
    return ["import-model", str(folder / "a.gesture"), "--project", "p"]


def large_picture(command: str) -> Callable[[Path], list[str]]:
    def make(folder: Path) -> list[str]:
        (folder / "fist").mkdir()
        Image.new("RGB", (10_000, 4_000), (90, 120, 90)).save(folder / "fist" / "a.jpg")
        if command == "import":
            return ["import", str(folder), "--project", "p"]
        return ["predict", "-i", str(folder / "fist" / "a.jpg"), "--json"]

    return make


LONG_TEXT = "a text of 10,000,000 bytes; the limit is 4,096"
CASES = {
    "a parquet of 73 KB that unpacks to 4 GB": (parquet_of(10**7, 400), LONG_TEXT),
    "a parquet of 180,000 long names": (parquet_of(1000, 180_000), "unpacks to over 160 MB"),
    "such a parquet with the columns of ours": (
        parquet_of(10**7, 400, ours=True),
        "text of 10,000,000",
    ),
    "a COCO file with one text of 128 MB": (long_json, "a text or number of over 1,048,576"),
    "a playlist that calls itself a video": (playlist, "isn't a video of a supported kind"),
    "weights of 5 GB": (huge_weights, "a.onnx is 5,120 MB, the limit is 150 MB"),
    "a pose net that computes for hours": (
        net_of(*product_of(3000, ("o", 17))),
        "takes 4.7e+13 multiplications for one sample",
    ),
    "a pose net with an array of 6 GB": (
        net_of(
            [
                helper.make_node("ConstantOfShape", ["s"], ["z"]),
                helper.make_node("ReduceSum", ["z"], ["o"], keepdims=0),
            ],
            [numpy_helper.from_array(np.array([40_000, 40_000]), "s")],
        ),
        "an array of 1,600,000,000 numbers",
    ),
    "a gesture model that computes for hours": (slow_bundle, "multiplications for one sample"),
    "weights that are a sparse tensor": (sparse_weights, "sparse_coo float32 on cpu"),
}


def run_watched(arguments: list[str], folder: Path, root: Path) -> tuple[int, int, int, list[str]]:
    """The command's exit status, MB, seconds, and lines on stderr."""
    command = [sys.executable, "-c", WATCH, sys.executable, "-m", "core", *arguments]
    done = subprocess.run(
        command,
        cwd=root,
        env=os.environ | {"MUDRA_WORKSPACE": str(folder / "workspace"), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    status, memory_mb, seconds = map(int, done.stdout.split())
    return status, memory_mb, seconds, [line for line in done.stderr.splitlines() if line.strip()]


@pytest.mark.slow
@pytest.mark.parametrize(("make", "words"), CASES.values(), ids=CASES)
def test_a_hostile_file_ends_in_one_line_with_little_memory(tmp_path, root, make, words):
    status, memory_mb, seconds, lines = run_watched(make(tmp_path), tmp_path, root)
    [line] = lines
    assert status == 1 and words in line
    assert memory_mb < MAX_MB and seconds < MAX_SECONDS, (memory_mb, seconds)


@pytest.mark.slow
@pytest.mark.usefixtures("weights_folder")
@pytest.mark.parametrize("command", ["predict", "import"])
def test_a_large_picture_without_a_hand_is_read_as_any_other(tmp_path, root, command):
    arguments = large_picture(command)(tmp_path)
    status, memory_mb, seconds, lines = run_watched(arguments, tmp_path, root)
    assert status == 0 and "Traceback" not in " ".join(lines)
    assert memory_mb < 1024 and seconds < MAX_SECONDS, (memory_mb, seconds)
