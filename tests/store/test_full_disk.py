"""A disk that is really full: a small one in memory, mounted where the test alone sees it."""

import os
import shlex
import subprocess
import sys

import pytest

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


def on_a_small_disk(name, size_mb, folder, root):
    """Run a function of on_a_small_disk.py on a disk of so many megabytes."""
    place, python = shlex.quote(str(folder)), shlex.quote(sys.executable)
    mount = f"mount -t tmpfs -o size={size_mb}m tmpfs {place}"
    command = f"{mount} && exec {python} -m tests.store.on_a_small_disk {name} {place}"
    ended = subprocess.run(
        [*_UNSHARE, "sh", "-c", command], cwd=root, capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stderr[-3000:]


@pytest.mark.usefixtures("may_mount")
def test_a_full_disk_stops_a_recording_with_a_message_and_it_goes_on_after(tmp_path, root):
    on_a_small_disk("recording", 8, tmp_path, root)


@pytest.mark.usefixtures("may_mount")
@pytest.mark.parametrize("name", ["erasing", "sharing"])
def test_on_a_full_disk_everything_can_be_deleted_but_what_is_others(name, tmp_path, root):
    on_a_small_disk(name, 4, tmp_path, root)


@pytest.mark.slow
@pytest.mark.usefixtures("may_mount")
@pytest.mark.parametrize("name", ["beginning", "caring"])
def test_a_full_disk_is_said_whatever_is_done_and_everything_goes_on_after(name, tmp_path, root):
    on_a_small_disk(name, 4, tmp_path, root)


@pytest.mark.slow
@pytest.mark.usefixtures("may_mount")
def test_a_disk_that_may_only_be_read_is_said_and_recording_goes_on_after(tmp_path, root):
    on_a_small_disk("read_only", 4, tmp_path, root)


@pytest.mark.slow
@pytest.mark.usefixtures("may_mount", "shared_data")
@pytest.mark.parametrize("name", ["importing", "training"])
def test_imports_and_trainings_on_a_full_disk_end_and_can_be_done_again(name, tmp_path, root):
    on_a_small_disk(name, 12, tmp_path, root)
