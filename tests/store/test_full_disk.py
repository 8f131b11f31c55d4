"""What happens on a disk that is really full: a small one in memory, mounted where the test alone
sees it, on which this module runs by itself."""

import itertools
import os
import shlex
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from core.admin.erasing import erase_everything, erase_unopened
from core.errors import MudraError, StoreError, StoreFullError, TrainingError
from core.jobs.active_model import has_model
from core.jobs.trainings import TrainingManager, describe_failure
from core.paths import Paths
from core.pose.types import Estimate, Frame
from core.recording.imports.importing import import_path
from core.recording.recorder import Recorder
from core.store import Store
from core.training.runs import list_runs
from tests.recording.conftest import ALL, SIZE_HW, hand

FULL = "the disk is full: free some space"


@contextmanager
def filled(folder: Path, leave: int = 0):
    """The disk with so many bytes free, rounded down to its pages."""
    ballast = folder / "ballast"
    free = shutil.disk_usage(folder).free
    ballast.write_bytes(bytes(max(0, free - leave)))
    assert shutil.disk_usage(folder).free <= leave
    try:
        yield
    finally:
        ballast.unlink()


def count(store: Store, project_id: int) -> int:
    return sum(row.samples for row in store.overview(project_id))


def take(recorder: Recorder, gesture_id: int, frames: int):
    """So many frames, or until it stops by itself; how it stands at the end."""
    rng = np.random.default_rng(0)
    recorder.start(gesture_id, ALL)
    for number in range(frames):
        noise = rng.integers(0, 255, (*SIZE_HW, 3), np.uint8)  # a crop of some 50 kB
        frame = Frame(noise, 0.05 * number, number, "webcam", True)
        poses = (hand(10 * (number % 20)),)
        estimate = Estimate(poses, SIZE_HW, "mediapipe-hands", frame.time_s, True)
        if recorder.offer(frame, estimate, "v1").state == "idle":
            break
        time.sleep(0.02)
    return recorder.stop()


def is_whole(folder: Path, project_id: int, samples: int) -> None:
    """Who opens the store anew, be the disk still full, finds it whole, with so many samples."""
    again = Store(folder / "mudra.db")
    assert again.find_damage() == ""
    assert count(again, project_id) == samples
    again.close()


def recording(folder: Path) -> None:
    """Stops with a message at every distance from a full disk, and goes on after."""
    store = Store(folder / "mudra.db")
    project = store.create_project("small").id
    gesture = store.gestures(project)[0].id
    recorder = Recorder(store, project, "me")
    stored = take(recorder, gesture, 5).saved
    assert stored == 5
    for leave in (0, 4096, 40_000, 300_000, 1_500_000):
        with filled(folder, leave):
            try:
                ended = take(recorder, gesture, 120)
            except StoreFullError as error:  # not even the take's own row could be written
                assert FULL in str(error)
            else:
                assert "recording stopped" in ended.error and FULL in ended.error, ended
                stored += ended.saved
            assert count(store, project) == stored
            is_whole(folder, project, stored)
        ended = take(recorder, gesture, 5)
        assert (ended.error, ended.saved) == ("", 5), ended
        stored += 5
    store.close()
    is_whole(folder, project, stored)


def making(folder: Path) -> None:
    """A studio that starts on a full disk says so. Making, renaming and deleting fail whole;
    reading goes on, deleted or not."""
    with filled(folder), pytest.raises(MudraError, match=r"full|can't be"):
        Store(folder / "mudra.db")
    store = Store(folder / "mudra.db")
    project = store.create_project("small").id
    gesture = store.gestures(project)[0]
    take(Recorder(store, project, "me"), gesture.id, 5)
    acts = (
        lambda: store.create_project("other"),
        lambda: store.rename_project(project, "new"),
        lambda: store.delete_gesture(gesture.id),
    )
    with filled(folder):
        for act in acts:
            try:
                act()
            except StoreFullError as error:
                assert FULL in str(error)
        is_whole(folder, project, count(store, project))
    assert count(store, project) in (0, 5)
    store.create_project("later")
    store.close()


def erasing(folder: Path) -> None:
    """Everything is deleted on a disk without a byte left, by the studio and by the command; where
    others' projects are in the database it stays, and that the disk is full is said."""
    paths = Paths(folder / "ws", folder / "weights")
    run = paths.runs / "20260101-000000-0"
    for opened, leave in itertools.product((True, False), (0, 40_000)):
        store = Store(paths.database)
        project = store.create_project("small").id
        take(Recorder(store, project, "me"), store.gestures(project)[0].id, 5)
        if not opened:
            store.close()
        run.mkdir(parents=True)
        with filled(folder, leave):
            erased = erase_everything(store, paths) if opened else erase_unopened(paths)
        assert erased.bytes > 100_000 and not run.exists()
        assert store.projects() == [] == store.projects(deleted=True) and store.find_damage() == ""
        assert b"small" not in paths.database.read_bytes()
        store.create_project("after")
        store.close()
    anna = Store(paths.database, owner="anna")
    gesture = anna.gestures(anna.create_project("hers").id)[0]
    take(Recorder(anna, anna.projects()[0].id, "me"), gesture.id, 5)
    anna.close()
    with filled(folder), pytest.raises(StoreFullError, match=FULL):
        erase_unopened(paths)
    anna = Store(paths.database, owner="anna")
    assert [one.name for one in anna.projects()] == ["hers"]
    anna.close()


def read_only(folder: Path) -> None:
    """Where nothing may be written any more, that is said; nothing is lost by it."""
    store = Store(folder / "mudra.db")
    project = store.create_project("small").id
    gesture = store.gestures(project)[0].id
    recorder = Recorder(store, project, "me")
    assert take(recorder, gesture, 5).saved == 5
    store.close()
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    for act in (lambda: take(recorder, gesture, 5), lambda: Store(folder / "mudra.db")):
        with pytest.raises(StoreError, match=r"read-only|unable to open"):
            act()
    subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
    assert take(recorder, gesture, 5).saved == 5
    is_whole(folder, project, 10)


def importing(folder: Path) -> None:
    """Ends with a message; what it brought is whole; the same again brings the rest."""
    table = _table(folder)
    for leave in (0, 100_000, 200_000):
        store = Store(folder / str(leave) / "mudra.db")
        project = store.create_project("some").id
        with filled(folder, leave):
            with pytest.raises(StoreFullError, match=FULL):
                import_path(store, "some", table)
            is_whole(folder / str(leave), project, count(store, project))
        import_path(store, "some", table)
        assert count(store, project) == len(table.read_text().splitlines()) - 1
        store.close()


def training(folder: Path) -> None:
    """Says so, leaves no half a model, blocks nothing; the next one goes through."""
    paths = Paths(folder / "ws", folder / "weights")
    store = Store(paths.database)
    import_path(store, "some", _table(folder))
    room, project = TrainingManager(store, paths), store.project("some")
    for leave in (0, 4096, 40_000):
        with filled(folder, leave):
            try:
                run = room.start_training(project, epochs=2)
            except TrainingError as error:  # not even its log could be begun
                assert FULL in str(error)
            else:
                _wait(room, run)
                assert run.status() in ("failed", "dead")
                assert FULL in describe_failure(run) or run.status() == "dead"
                assert not has_model(run) and not list(run.path.glob("*.part"))
            assert room.find_running(project) is None
            assert all(one.status() != "running" for one in list_runs(paths.runs))
    run = room.start_training(project, epochs=2)
    _wait(room, run)
    assert run.status() == "done" and has_model(run)
    store.close()


def _wait(room: TrainingManager, run) -> None:
    while room.can_stop(run):
        time.sleep(0.05)


def _table(folder: Path) -> Path:
    """Some rows of the real table of keypoints."""
    real = Path(__file__).resolve().parents[3] / "shared/data/hand_keypoints/gestures.csv"
    head, *rows = real.read_text(encoding="utf-8").splitlines()
    table = folder / "some.csv"
    table.write_text("\n".join([head, *rows[::40]]), encoding="utf-8")
    return table


_UNSHARE = ["unshare", "-m"] if hasattr(os, "geteuid") and os.geteuid() == 0 else ["unshare", "-rm"]


@pytest.fixture(scope="module")
def may_mount(tmp_path_factory):
    """Root may mount; others in a user namespace of their own, where the system allows it."""
    place = shlex.quote(str(tmp_path_factory.mktemp("probe")))
    try:
        tried = subprocess.run(
            [*_UNSHARE, "sh", "-c", f"mount -t tmpfs -o size=1m tmpfs {place}"],
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        pytest.skip("no `unshare` on this system: a small disk can't be mounted for the test")
    if tried.returncode:
        pytest.skip(f"a small disk can't be mounted here: {tried.stderr.strip()}")


@pytest.mark.usefixtures("may_mount", "shared_data")
@pytest.mark.parametrize(
    ("name", "size_mb"),
    [
        ("recording", 8),
        ("erasing", 4),
        pytest.param("making", 4, marks=pytest.mark.slow),
        pytest.param("read_only", 4, marks=pytest.mark.slow),
        pytest.param("importing", 12, marks=pytest.mark.slow),
        pytest.param("training", 12, marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_is_said_and_everything_goes_on_after(name, size_mb, tmp_path, root):
    """Runs that function of this module on a disk of so many megabytes."""
    place, python = shlex.quote(str(tmp_path)), shlex.quote(sys.executable)
    mount = f"mount -t tmpfs -o size={size_mb}m tmpfs {place}"
    command = f"{mount} && exec {python} -m tests.store.test_full_disk {name} {place}"
    ended = subprocess.run(
        [*_UNSHARE, "sh", "-c", command], cwd=root, capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stderr[-3000:]


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    globals()[sys.argv[1]](Path(sys.argv[2]))
