"""How long `import` takes on the same pictures with one worker and two, by each way of spreading,
and what that is made of, which says where many workers would find their limit.

    python -m benchmarks.spreading FOLDER [--pictures 400] [--database postgresql://…]

Ray (`pip install ray`) is measured where it is installed; its own start is in the time, as are the
processes'. A part is what a worker is given at once.
"""

import argparse
import importlib.util
import pickle
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.studio import report
from core.capture.importing import import_path
from core.capture.picture_files import labelled_pictures, samples_or_reasons
from core.estimators import create_estimator
from core.media.pictures import PICTURE_SUFFIXES
from core.paths import Paths
from core.spreading import LOCAL, RAY, spread
from core.store import NewSample, Store

_NOTHINGS, _PART, _ROWS = 16_000, 16, 4096
_TOGETHER = (16, 1024)  # rows that one worker, and about a hundred, find in a second


def some_pictures(folder: Path, number: int, to: Path) -> int:
    """Copy pictures from all over the folder; how many there are."""
    found = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in PICTURE_SUFFIXES]
    for i, path in enumerate(found[:: max(1, len(found) // number)][:number]):
        shutil.copy(path, to / f"{i:05}{path.suffix}")
    return min(number, len(found))


def nothing(numbers: Iterable[int]) -> Iterator[int]:
    """Work that takes no time."""
    return iter(numbers)


def samples_of(pictures: Path, opened: Any) -> tuple[list[NewSample], float]:
    """What is found in them by this process, and its CPU milliseconds a picture."""
    files = labelled_pictures(pictures)
    begun_s = time.process_time()
    found = [one for one in samples_or_reasons(opened, set(), True, files) if one]
    cost_ms = 1000 * (time.process_time() - begun_s) / len(files)
    return [sample for one in found if not isinstance(one, str) for sample in one], cost_ms


def part_ms(on: str) -> float:
    """Of a part of nothing, from the first result on, with one worker."""
    with spread(nothing, range(_NOTHINGS), workers=2, on=on) as each:
        next(each)
        begun_s = time.perf_counter()
        rest = sum(1 for _ in each)
        return 1000 * (time.perf_counter() - begun_s) * _PART / rest


def rows_a_second(place: Path | str, samples: list[NewSample], together: int) -> float:
    """Into a store, so many in a transaction, by the wall's clock."""
    store = Store(place)
    project = store.create_project(f"spreading {time.time_ns()}")
    person = store.ensure_person(project.id, "p")
    session = store.start_session(project.id, person.id, "benchmark")
    recording = store.start_recording(session, store.gestures(project.id)[0].id)
    rows = (samples * (_ROWS // len(samples) + 1))[:_ROWS]
    begun_s = time.perf_counter()
    for start in range(0, _ROWS, together):
        store.add_samples(recording, rows[start : start + together])
    seconds = time.perf_counter() - begun_s
    store.close()
    return _ROWS / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--database", help="an empty PostgreSQL, measured beside SQLite")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    places = [LOCAL, RAY] if importlib.util.find_spec("ray") else [LOCAL]
    opened = partial(create_estimator, "mediapipe-hands", Paths.find().weights)
    told: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        pictures = Path(name) / "ok"
        pictures.mkdir()
        told["pictures"] = some_pictures(asked.folder, asked.pictures, pictures)
        samples, cost_ms = samples_of(pictures, opened)
        told["CPU ms a picture"] = round(cost_ms, 1)
        told["bytes a picture"] = len(pickle.dumps(samples)) // len(samples)
        for on in places:
            told[f"{on}, ms a part"] = round(part_ms(on), 2)
        for place in (Path(name) / "rows.db", asked.database):
            if place is not None:
                kind = "SQLite" if isinstance(place, Path) else "PostgreSQL"
                for n in _TOGETHER:
                    told[f"rows/s into {kind}, {n} at once"] = round(
                        rows_a_second(place, samples, n)
                    )
        for on in places:
            for workers in (1, 2):
                store = Store(Path(name) / f"{on}{workers}.db")
                begun_s = time.perf_counter()
                done = import_path(
                    store, "p", pictures, estimator_factory=opened, workers=workers, on=on
                )
                told[f"{on}, {workers}: s"] = round(time.perf_counter() - begun_s, 1)
                told[f"{on}, {workers}: added"] = done.added
                store.close()
    report(told, as_json=asked.json)


if __name__ == "__main__":
    main()
