"""Hostile files given to the command line itself: one line of error, little memory, little time."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from core.exchange.data_columns import MARKS, number_columns

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


LONG_TEXT = "a text of 10,000,000 bytes, at most 4,096 are read"
CASES = {
    "a parquet of 73 KB that unpacks to 4 GB": (parquet_of(10**7, 400), LONG_TEXT),
    "a parquet of 180,000 long names": (parquet_of(1000, 180_000), "unpacks to over 160 MB"),
    "such a parquet with the columns of ours": (
        parquet_of(10**7, 400, ours=True),
        "text of 10,000,000",
    ),
    "a COCO file with one text of 128 MB": (long_json, "a text or a number of over 1,048,576"),
    "a playlist that calls itself a video": (playlist, "not a video of one of the kinds"),
    "weights of 5 GB": (huge_weights, "a.onnx is 5.0 GB, the limit is 1 GB"),
    "weights that are a sparse tensor": (sparse_weights, "sparse_coo float32 on cpu"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("make", "words"), CASES.values(), ids=CASES)
def test_a_hostile_file_ends_in_one_line_with_little_memory(tmp_path, root, make, words):
    command = [sys.executable, "-c", WATCH, sys.executable, "-m", "core", *make(tmp_path)]
    done = subprocess.run(
        command,
        cwd=root,
        env=os.environ | {"MUDRA_WORKSPACE": str(tmp_path / "workspace"), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    status, memory_mb, seconds = map(int, done.stdout.split())
    [line] = [line for line in done.stderr.splitlines() if line.strip()]
    assert status == 1 and words in line
    assert memory_mb < MAX_MB and seconds < MAX_SECONDS, (memory_mb, seconds)
