"""Work on many things gives the same wherever it is done, in the same order."""

import importlib.util
import os
import shutil
import sys
from functools import partial
from typing import Any

import numpy as np
import pytest

from core.capture.importing import import_path
from core.errors import EstimatorError, MediaError
from core.gestures.model.gesture_model import GestureModel
from core.media.pictures import encode_jpeg
from core.paths import Paths
from core.recognition.evaluating import evaluate
from core.recognition.extracting import extract
from core.spreading import spread
from core.store import Store
from tests.spread_work import (
    fragile_hands,
    killed,
    no_keypoints,
    squared,
    squared_unless_killed,
    telling,
)

with_ray = [
    pytest.mark.slow,
    pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="no Ray: pip install ray"),
    # of Ray's own: a file that it leaves open, an option that it will change
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning"),
]
ALONE = pytest.param({"workers": 1}, id="one after another")
PROCESSES = pytest.param({"workers": 2}, id="two processes")
RAY = pytest.param({"workers": 2, "on": "ray"}, id="ray", marks=with_ray)


def made(work: Any, items: Any, **place: Any) -> list[Any]:
    with spread(work, items, **place) as each:
        return list(each)


@pytest.mark.parametrize("place", [ALONE, PROCESSES, RAY])
def test_results_come_in_the_order_of_the_items(place):
    assert made(squared, range(-100, 0), **place) == [n**2 for n in range(-100, 0)]
    assert made(squared, [], **place) == []


@pytest.mark.parametrize("place", [PROCESSES, RAY])
def test_what_a_killed_worker_had_is_done_again(place, tmp_path):
    work = partial(squared_unless_killed, tmp_path)
    assert made(work, range(100), **place) == [n**2 for n in range(100)]
    assert (tmp_path / "killed").exists()


@pytest.mark.parametrize("place", [PROCESSES, RAY])
def test_what_kills_each_worker_ends_the_work_and_is_named(place):
    came = []
    with (
        pytest.raises(EstimatorError, match=r"killed 4 times in a row, at [0-5] or soon after"),
        spread(killed, range(20), **place) as each,
    ):
        came.extend(each)
    assert came == list(range(len(came))) and len(came) <= 5


@pytest.mark.parametrize("place", [ALONE, PROCESSES, RAY])
def test_an_error_in_a_worker_is_told_as_it_is_here(place):
    with pytest.raises(EstimatorError, match=r"^this estimator is closed$"):
        made(no_keypoints, range(8), **place)


@pytest.mark.parametrize("place", [ALONE, PROCESSES, RAY])
def test_only_a_few_parts_are_worked_ahead_of_what_is_taken(place, tmp_path):
    with spread(partial(telling, tmp_path), range(2000), **place) as each:
        for _ in range(100):
            next(each)
    assert 100 <= len(list(tmp_path.iterdir())) < 400


# ----------------------------------------------------------------------------- pictures of hands


@pytest.fixture
def mixed(photos):
    """Six hands, one of them twice, a picture without a hand and one that is damaged."""
    shutil.copy(sorted((photos / "fist").iterdir())[1], photos / "ok" / "again.jpg")
    (photos / "ok" / "broken.jpg").write_bytes(b"no picture")
    (photos / "ok" / "grey.jpg").write_bytes(encode_jpeg(np.full((200, 200, 3), 90, np.uint8)))
    return photos


def stored(folder, pictures, make_estimator, **place) -> tuple[Any, list[Any]]:
    """What an import into a store of its own told, and all that it stored but when."""
    store = Store(folder / "mudra.db")
    report = import_path(store, "p", pictures, estimator_factory=make_estimator, **place)
    with store.writing() as connection:
        found = connection.exec_driver_sql(
            "SELECT samples.*, crops.*, gestures.name FROM samples JOIN crops ON sample_id = "
            "samples.id JOIN gestures ON gesture_id = gestures.id ORDER BY samples.id"
        )
        rows = [dict(row) for row in found.mappings()]
    store.close()
    return report, [row for row in rows if row.pop("taken_at")]


@pytest.mark.parametrize("place", [PROCESSES, RAY])
def test_an_import_stores_and_tells_the_same(place, mixed, tmp_path, make_estimator):
    here, rows = stored(tmp_path / "here", mixed, make_estimator)
    told: list[Any] = []
    there, came = stored(
        tmp_path / "there", mixed, make_estimator, progress=lambda *of: told.append(of), **place
    )
    assert vars(there) == vars(here) and came == rows
    assert len(came) == here.added == 6 and here.already == 1
    assert [name for name, _ in here.refused] == ["ok/broken.jpg", "ok/grey.jpg"]
    assert told == [(n, 9) for n in range(1, 10)]


@pytest.mark.slow
@pytest.mark.parametrize("place", [PROCESSES, RAY])
def test_a_model_in_use_is_given_the_same_figures(place, mixed, make_estimator):
    model = GestureModel.load(Paths.starter)
    here = evaluate(model, mixed, estimator_factory=make_estimator)
    assert evaluate(model, mixed, estimator_factory=make_estimator, **place) == here
    assert (here["n"], here["detected"], len(here["unreadable"])) == (9, 7, 1)


@pytest.mark.slow
@pytest.mark.parametrize("place", [PROCESSES, RAY])
def test_an_extracted_table_is_the_same_to_the_byte(place, mixed, weights_folder, tmp_path):
    told = [
        extract(mixed, tmp_path / name, weights_folder=weights_folder, **options)
        for name, options in (("here.csv", {}), ("there.csv", place))
    ]
    assert told[0] == told[1] and told[0]["hands"] == 7
    assert (tmp_path / "here.csv").read_bytes() == (tmp_path / "there.csv").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("place", [PROCESSES, RAY])
def test_a_picture_whose_worker_is_killed_is_stored_once(
    place, mixed, tmp_path, make_estimator, weights_folder
):
    _, rows = stored(tmp_path / "here", mixed, make_estimator)
    mark = tmp_path / "killed"
    fragile = partial(fragile_hands, weights_folder, mark)
    report, came = stored(tmp_path / "there", mixed, fragile, **place)
    assert mark.exists() and came == rows and report.added == 6


# --------------------------------------------------------------------------------- other places


@pytest.mark.parametrize("on", ["moon", "http://host:1", ""])
def test_another_place_is_refused_before_anything_is_read(on, tmp_path, store, make_estimator):
    model = GestureModel.load(Paths.starter)
    with pytest.raises(EstimatorError, match="local, ray or ray://HOST:PORT"):
        extract(tmp_path, tmp_path / "a.csv", weights_folder=tmp_path, on=on)
    with pytest.raises(EstimatorError, match="no place to work"):
        import_path(store, "p", tmp_path, estimator_factory=make_estimator, on=on)
    with pytest.raises(EstimatorError, match="no place to work"):
        evaluate(model, tmp_path, estimator_factory=make_estimator, on=on)
    with pytest.raises(EstimatorError, match="no place to work"):
        made(squared, [1], on=on)
    assert store.projects() == []


def test_a_zip_is_not_for_other_machines(tmp_path, store, monkeypatch):
    (tmp_path / "a.zip").touch()
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    for on in ("ray", "ray://10.0.0.1:10001"):
        with pytest.raises(MediaError, match=r"a\.zip would be unpacked on this machine alone"):
            import_path(store, "p", tmp_path / "a.zip", on=on)


def test_without_ray_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    with pytest.raises(EstimatorError, match="pip install ray"):
        made(squared, [1], on="ray")
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
