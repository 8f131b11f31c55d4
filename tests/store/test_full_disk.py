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
    on_a_small_disk(name, size_mb, tmp_path, root)
