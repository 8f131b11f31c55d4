"""Hostile files given to the command line itself: one line of error, little memory, little time.

What each kind of file may not hold is tried in tests/test_hostile_files.py and with its reader.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

pytestmark = pytest.mark.slow
MAX_MB, MAX_SECONDS = 512, 20  # of memory and of computing

# Runs a command; prints its exit status, and the most MB and the seconds that it took
WATCH = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.returncode, used.ru_maxrss // 1024, round(used.ru_utime + used.ru_stime))
"""


def write_parquet(path: Path) -> None:
    """73 KB that unpack to 4 GB: one text in every row, which the file holds once."""
    rows = 400
    texts = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array(["x" * 10**7]))
    numbers = [f"{axis}{joint}" for joint in range(21) for axis in "xy"]
    columns = dict.fromkeys(numbers, pa.array(np.zeros(rows)))
    columns["gesture"] = texts.cast(pa.dictionary(pa.int32(), pa.large_string()))
    parquet.write_table(pa.table(columns), path, compression="zstd")


def write_long_json(path: Path) -> None:
    """A COCO file with one text of 128 MB."""
    with path.open("w") as file:
        file.write('{"info": "')
        file.writelines(["x" * 2**20] * 128)
        file.write('", "images": [], "annotations": [], "categories": []}')


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


@pytest.mark.parametrize(
    ("name", "write", "words"),
    [
        ("a.parquet", write_parquet, "a text of 10,000,000 bytes; the limit is 4,096"),
        ("a.json", write_long_json, "a text or number of over 1,048,576"),
    ],
)
def test_a_hostile_file_ends_in_one_line_with_little_memory(tmp_path, root, name, write, words):
    write(tmp_path / name)
    arguments = ["import", str(tmp_path / name), "--project", "p"]
    status, memory_mb, seconds, [line] = run_watched(arguments, tmp_path, root)
    assert status == 1 and words in line
    assert memory_mb < MAX_MB and seconds < MAX_SECONDS, (memory_mb, seconds)


@pytest.mark.usefixtures("weights_folder")
@pytest.mark.parametrize("command", ["predict -i fist/a.jpg --json", "import . --project p"])
def test_a_large_picture_without_a_hand_is_read_as_any_other(tmp_path, root, command):
    (tmp_path / "fist").mkdir()
    Image.new("RGB", (10_000, 4_000), (90, 120, 90)).save(tmp_path / "fist" / "a.jpg")
    places = {".": str(tmp_path), "fist/a.jpg": str(tmp_path / "fist" / "a.jpg")}
    arguments = [places.get(word, word) for word in command.split()]
    status, memory_mb, seconds, lines = run_watched(arguments, tmp_path, root)
    assert status == 0 and "Traceback" not in " ".join(lines)
    assert memory_mb < 1024 and seconds < MAX_SECONDS, (memory_mb, seconds)
