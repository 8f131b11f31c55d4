"""Files are written whole, and changed by one at a time."""

import json
import subprocess
import sys
import threading

import pytest

from core.files import change_json, write_whole, written_whole


def test_a_write_that_breaks_off_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.json"
    write_whole(path, b"old")
    with pytest.raises(ZeroDivisionError), written_whole(path) as part:
        part.write_bytes(b"half of the new")
        raise ZeroDivisionError
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_two_writers_of_one_file_leave_it_whole(tmp_path):
    path = tmp_path / "a.json"
    with written_whole(path) as one, written_whole(path) as other:
        one.write_bytes(b"one")
        other.write_bytes(b"other")
    assert path.read_bytes() == b"one" and list(tmp_path.iterdir()) == [path]


def test_two_threads_that_change_a_file_keep_what_the_other_said(tmp_path):
    path = tmp_path / "metadata.json"
    write_whole(path, b'{"a": 0, "b": 0}')
    lost = []

    def count(key):
        for number in range(1, 101):
            change_json(path, {key: number})
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
        "import sys; from pathlib import Path; from core.files import change_json\n"
        "for i in range(100): change_json(Path(sys.argv[1]), {sys.argv[2] + str(i): i})"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(path), key], cwd=root) for key in "ab"
    ]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(json.loads(path.read_text())) == 200
