"""Work on many things gives the same wherever it is done, in the same order."""

import importlib.util
import os
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from core.errors import EstimatorError, MediaError
from core.gestures.modelfile.gesture_model import GestureModel
from core.measuring.gesture_evaluation import evaluate_gestures
from core.media.pictures import encode_jpeg
from core.offline.extracting import extract
from core.parallel import _open_process_pool, map_parallel, read_ahead
from core.paths import Paths
from core.recording.imports.importing import ImportOptions, import_path
from core.store import Store
from tests.support.spread_work import (
    fragile_hands,
    killed,
    no_keypoints,
    squared,
    squared_unless_killed,
    telling,
    watched_hands,
)
from tests.support.studio import free_port

with_ray = [
    pytest.mark.slow,
    pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="no Ray: pip install ray"),
    # of Ray's own: a file that it leaves open, an option that it will change
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning"),
]


def on_ray(test: Any) -> Any:
    for mark in with_ray:
        test = mark(test)
    return test


@pytest.fixture(autouse=True)
def begun_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new process runs the main module's file again, and tests of pages leave the app in its
    place."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


ALONE, PROCESSES = "one after another", "two processes"
RAY = pytest.param("ray", marks=with_ray)


@contextmanager
def two_nodes(port: int = 0) -> Iterator[Any]:
    """A cluster of two machines, as far as Ray is concerned, of one worker each; by ray:// it is
    reached at the port, where one is given."""
    from ray.cluster_utils import Cluster

    options = {"include_dashboard": False} | ({"ray_client_server_port": port} if port else {})
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1} | options)
    try:
        cluster.add_node(num_cpus=1)
        yield cluster
    finally:
        cluster.shutdown()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """One for all tests: its begin takes seconds."""
    with two_nodes() as found:
        yield found


@pytest.fixture
def where(request, monkeypatch) -> dict[str, Any]:
    """Where to work, as `map_parallel` is told."""
    if request.param == "ray":
        monkeypatch.setenv("RAY_ADDRESS", request.getfixturevalue("cluster").address)
        return {"on": "ray"}
    return {"workers": 1 if request.param == ALONE else 2}


def at(*places: Any) -> Any:
    return pytest.mark.parametrize("where", places, indirect=True)


def made(work: Any, items: Any, **where: Any) -> list[Any]:
    with map_parallel(work, items, **where) as each:
        return list(each)


@at(ALONE, PROCESSES, RAY)
def test_results_come_in_the_order_of_the_items(where):
    assert made(squared, range(-100, 0), **where) == [n**2 for n in range(-100, 0)]
    assert made(squared, [], **where) == []


@at(PROCESSES, RAY)
def test_what_a_killed_worker_had_is_done_again(where, tmp_path):
    work = partial(squared_unless_killed, tmp_path)
    assert made(work, range(100), **where) == [n**2 for n in range(100)]
    assert (tmp_path / "killed").exists()


@at(PROCESSES, RAY)
def test_what_kills_each_worker_ends_the_work_and_is_named(where):
    came = []
    with (
        pytest.raises(EstimatorError, match=r"killed 4 times in a row, at [0-5] or soon after"),
        map_parallel(killed, range(20), **where) as each,
    ):
        came.extend(each)
    assert came == list(range(len(came))) and len(came) <= 5


def test_a_worker_that_was_begun_while_the_others_were_ended_is_not_waited_for():
    late = get_context("forkserver").Process(target=time.sleep, args=(60,))

    def broken():
        with suppress(BrokenProcessPool), _open_process_pool(1) as pool:
            pool.submit(abs, 1).result()
            late.start()
            pool._processes[late.pid] = late
            raise BrokenProcessPool

    work = Thread(target=broken)
    work.start()
    work.join(20)
    hangs = work.is_alive()
    late.kill()
    assert not hangs


@at(ALONE, PROCESSES, RAY)
def test_an_error_in_a_worker_is_told_as_it_is_here(where):
    with pytest.raises(EstimatorError, match=r"^this estimator is closed$"):
        made(no_keypoints, range(8), **where)


@at(ALONE, PROCESSES, RAY)
def test_only_a_few_parts_are_worked_ahead_of_what_is_taken(where, tmp_path):
    with map_parallel(partial(telling, tmp_path), range(2000), **where) as each:
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


def stored(folder, pictures, make_estimator, **where) -> tuple[Any, list[Any]]:
    """What an import into a store of its own told, and all that it stored but when."""
    store = Store(folder / "mudra.db")
    report = import_path(store, "p", pictures, ImportOptions(make_estimator, **where))
    with store.begin_write() as connection:
        found = connection.exec_driver_sql(
            "SELECT samples.*, crops.*, gestures.name FROM samples JOIN crops ON sample_id = "
            "samples.id JOIN gestures ON gesture_id = gestures.id ORDER BY samples.id"
        )
        rows = [dict(row) for row in found.mappings()]
    store.close()
    return report, [row for row in rows if row.pop("taken_at")]


@at(PROCESSES, RAY)
def test_an_import_an_evaluation_and_a_table_are_the_same(
    where, mixed, tmp_path, make_estimator, weights_folder
):
    here, rows = stored(tmp_path / "here", mixed, make_estimator)
    told: list[Any] = []
    there, came = stored(
        tmp_path / "there", mixed, make_estimator, progress=lambda *of: told.append(of), **where
    )
    assert vars(there) == vars(here) and came == rows
    assert len(came) == here.added == 6 and here.already == 1
    assert [name for name, _ in here.skipped] == ["ok/broken.jpg", "ok/grey.jpg"]
    assert told == [(n, 9) for n in range(1, 10)]
    model = GestureModel.load(Paths.starter)
    figures = evaluate_gestures(model, mixed, estimator_factory=make_estimator, **where)
    assert evaluate_gestures(model, mixed, estimator_factory=make_estimator) == figures
    assert (figures["n"], figures["detected"], len(figures["unreadable"])) == (9, 7, 1)
    for name, options in (("here.csv", {}), ("there.csv", where)):
        extract(
            mixed, tmp_path / name, paths=replace(Paths.find(), weights=weights_folder), **options
        )
    assert (tmp_path / "here.csv").read_bytes() == (tmp_path / "there.csv").read_bytes()


@pytest.mark.slow
@at(PROCESSES, RAY)
def test_a_picture_whose_worker_is_killed_is_stored_once(
    where, mixed, tmp_path, make_estimator, weights_folder
):
    _, rows = stored(tmp_path / "here", mixed, make_estimator)
    mark = tmp_path / "killed"
    fragile = partial(fragile_hands, weights_folder, mark)
    report, came = stored(tmp_path / "there", mixed, fragile, **where)
    assert mark.exists() and came == rows and report.added == 6


# ------------------------------------------------------------------------------ several machines


@on_ray
def test_ray_is_begun_where_there_is_no_cluster(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert made(squared, range(20), workers=2, on="ray") == [n**2 for n in range(20)]


@on_ray
def test_both_machines_of_a_cluster_work_for_one_that_is_none_of_it(
    photos, tmp_path, make_estimator, weights_folder, monkeypatch
):
    """By ray://, and with a path that means nothing there."""
    monkeypatch.setenv("RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S", "300")
    # else Ray's own server, which forks while gRPC works, sometimes never answers
    monkeypatch.setenv("GRPC_ENABLE_FORK_SUPPORT", "0")
    _, rows = stored(tmp_path / "here", photos, make_estimator)
    watched = partial(watched_hands, weights_folder, tmp_path / "seen")
    monkeypatch.chdir(photos.parent)
    with two_nodes(port := free_port()):
        on = f"ray://127.0.0.1:{port}"
        report, came = stored(tmp_path / "there", Path(photos.name), watched, on=on)
    assert came == rows and report.added == 6
    assert len(seen_at(tmp_path / "seen")) == 2


@on_ray
def test_what_a_lost_machine_had_is_done_on_the_other(
    shared_data, tmp_path, make_estimator, weights_folder, monkeypatch
):
    pictures = tmp_path / "many"
    for gesture in ("ok", "fist"):
        (pictures / gesture).mkdir(parents=True)
        for path in sorted((shared_data / "hand_images" / "didi" / gesture).iterdir())[:20]:
            shutil.copy(path, pictures / gesture)
    _, rows = stored(tmp_path / "here", pictures, make_estimator)
    watched = partial(watched_hands, weights_folder, tmp_path / "seen")
    with two_nodes() as cluster:
        monkeypatch.setenv("RAY_ADDRESS", cluster.address)
        [other] = cluster.worker_nodes

        def lose(done: int, total: int) -> None:
            if other in cluster.worker_nodes and len(seen_at(tmp_path / "seen")) == 2:
                cluster.remove_node(other, allow_graceful=False)
                lost_at.append(done)

        lost_at: list[int] = []
        report, came = stored(tmp_path / "there", pictures, watched, on="ray", progress=lose)
    assert came == rows and report.added == len(rows) == 40
    assert len(lost_at) == 1 and lost_at[0] < 40


def seen_at(folder: Path) -> set[str]:
    """The machines that looked at pictures."""
    return {path.name.split()[0] for path in folder.glob("* *")}


# --------------------------------------------------------------------------------- other places


@pytest.mark.parametrize("on", ["moon", "http://host:1", ""])
def test_another_place_is_refused_before_anything_is_read(
    on, tmp_path, store, make_estimator, monkeypatch
):
    model = GestureModel.load(Paths.starter)
    with pytest.raises(EstimatorError, match="local, ray or ray://HOST:PORT"):
        extract(tmp_path, tmp_path / "a.csv", paths=replace(Paths.find(), weights=tmp_path), on=on)
    with pytest.raises(EstimatorError, match="unknown place"):
        import_path(store, "p", tmp_path, ImportOptions(make_estimator, on=on))
    with pytest.raises(EstimatorError, match="unknown place"):
        evaluate_gestures(model, tmp_path, estimator_factory=make_estimator, on=on)
    with pytest.raises(EstimatorError, match="unknown place"):
        made(squared, [1], on=on)
    (tmp_path / "a.zip").touch()
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    for cluster in ("ray", "ray://10.0.0.1:10001"):
        with pytest.raises(MediaError, match=r"a\.zip would be unpacked on this machine alone"):
            import_path(store, "p", tmp_path / "a.zip", ImportOptions(on=cluster))
    assert store.projects() == []


def test_without_ray_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    with pytest.raises(EstimatorError, match="pip install 'ray"):
        made(squared, [1], on="ray")
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_all_are_read_in_order_and_only_a_few_ahead_of_what_is_taken():
    for count in (0, 1, 3, 50):
        assert list(read_ahead(str, range(count))) == [str(i) for i in range(count)]
    asked = []
    found = read_ahead(lambda item: item, (asked.append(i) or i for i in range(100)))
    for taken, _ in enumerate(found, 1):
        assert len(asked) <= taken + 2


def test_what_fails_to_be_read_fails_where_it_is_taken():
    def read(item):
        if item == 1:
            raise MediaError("broken")
        return item

    found = read_ahead(read, range(3))
    assert next(found) == 0
    with pytest.raises(MediaError, match="broken"):
        next(found)
