"""How long `extract` takes on the same pictures with one worker and two, by each way of spreading.

    python -m benchmarks.spreading FOLDER [--pictures 200]

Ray (`pip install ray`) is measured where it is installed; its own start is in the time, as are the
processes'.
"""

import argparse
import importlib.util
import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.studio import report
from core.media.pictures import PICTURE_SUFFIXES
from core.paths import Paths
from core.recognition.extracting import extract
from core.spreading import LOCAL, RAY


def some_pictures(folder: Path, number: int, to: Path) -> int:
    """Copy pictures from all over the folder; how many there are."""
    found = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in PICTURE_SUFFIXES]
    for i, path in enumerate(found[:: max(1, len(found) // number)][:number]):
        shutil.copy(path, to / f"{i:05}{path.suffix}")
    return min(number, len(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    places = [LOCAL, RAY] if importlib.util.find_spec("ray") else [LOCAL]
    with tempfile.TemporaryDirectory() as name:
        pictures, tables = Path(name) / "pictures", set()
        pictures.mkdir()
        told: dict[str, object] = {
            "pictures": some_pictures(asked.folder, asked.pictures, pictures)
        }
        for on in places:
            for workers in (1, 2):
                out, begun = Path(name) / f"{on}{workers}.csv", time.perf_counter()
                extract(pictures, out, weights_folder=Paths.find().weights, workers=workers, on=on)
                told[f"{on}, {workers} s"] = round(time.perf_counter() - begun, 1)
                tables.add(out.read_bytes())
    report({**told, "different tables": len(tables)}, as_json=asked.json)


if __name__ == "__main__":
    main()
