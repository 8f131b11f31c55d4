"""Files are written whole, and changed by one at a time."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from core.files import (
    replace_atomically,
    sweep_temporary_folders,
    temporary_folder,
    update_json,
    write_whole,
)


def test_a_write_that_breaks_off_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.json"
    write_whole(path, b"old")
    with pytest.raises(ZeroDivisionError), replace_atomically(path) as part:
        part.write_bytes(b"half of the new")
        raise ZeroDivisionError
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_two_writers_of_one_file_leave_it_whole(tmp_path):
    path = tmp_path / "a.json"
    with replace_atomically(path) as one, replace_atomically(path) as other:
        one.write_bytes(b"one")
        other.write_bytes(b"other")
    assert path.read_bytes() == b"one" and list(tmp_path.iterdir()) == [path]


def test_two_threads_that_change_a_file_keep_what_the_other_said(tmp_path):
    path = tmp_path / "metadata.json"
    write_whole(path, b'{"a": 0, "b": 0}')
    lost = []

    def count(key):
        for number in range(1, 101):
            update_json(path, {key: number})
            if json.loads(path.read_text())[key] != number:
                lost.append((key, number))

    threads = [threading.Thread(target=count, args=(key,)) for key in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lost == [] and json.loads(path.read_text()) == {"a": 100, "b": 100}


def test_another_process_waits_for_its_turn(tmp_path, root):
    path = tmp_path / "metadata.json"
    write_whole(path, b"{}")
    code = (
        "import sys; from pathlib import Path; from core.files import update_json\n"
        "for i in range(100): update_json(Path(sys.argv[1]), {sys.argv[2] + str(i): i})"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(path), key], cwd=root) for key in "ab"
    ]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(json.loads(path.read_text())) == 200


# ------------------------------------------------------------------------------ temporary folders

HOLDS = """
import sys, time
from core.files import make_temporary_folder
made = make_temporary_folder("files-")
(made[0] / "upload.jpg").write_bytes(b"x")
print(made[0], flush=True)
time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_temporary_folder_is_closed_to_others_and_goes_away(temporary):
    with temporary_folder("upload-") as folder:
        assert re.fullmatch(r"mudra-upload-[0-9a-f]{8}", folder.name)
        assert folder.parent == temporary and folder.stat().st_mode & 0o777 == 0o700
        (folder / "a").write_bytes(b"x")
    assert not [*temporary.iterdir()]


def test_folders_of_killed_processes_are_swept_and_those_of_living_ones_stay(temporary):
    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDS],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(temporary)},
        )
        return process, Path(process.stdout.readline().strip())

    (killed, left), (living, held) = start(), start()
    try:
        killed.kill()
        killed.wait()
        with temporary_folder() as own:
            assert left.exists() and sweep_temporary_folders() == [left]
            assert own.exists() and (held / "upload.jpg").exists() and not left.exists()
    finally:
        for process in (killed, living):
            process.kill()
            process.wait()
            process.stdout.close()
    assert sweep_temporary_folders() == [held]
    assert not [*temporary.iterdir()]


def test_what_is_not_a_temporary_folder_of_mudra_is_left_alone(temporary):
    for name in ("mudra-notes", "mudra-12345678", "other-12345678"):
        (temporary / name).mkdir()
        (temporary / f"{name}.txt").touch()
    (temporary / "mudra-notes.lock").touch()
    (temporary / "mudra-abcdef12.lock").symlink_to(temporary / "mudra-notes.lock")
    (temporary / "mudra-abcdef34.lock").touch()
    (temporary / "mudra-abcdef34").symlink_to(temporary / "mudra-notes")
    before = sorted(temporary.iterdir())
    assert sweep_temporary_folders() == []
    assert sorted(temporary.iterdir()) == before
