"""The doctor finds what is wrong on a real machine, and says how it is fixed."""

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.admin.doctor import OK, WARN, WRONG, Check, has_no_failure, run_checks
from core.paths import Paths
from core.store import Store
from tests.cli.conftest import invoke


@pytest.fixture
def paths(tmp_path: Path, weights_folder: Path) -> Paths:
    return replace(Paths.find(tmp_path / "workspace"), weights=weights_folder)


def check(paths: Paths, name: str, **options) -> Check:
    return next(c for c in run_checks(paths, **options) if c.name == name)


def test_a_machine_that_is_set_up_is_well(paths):
    checks = run_checks(paths)
    assert has_no_failure(checks), checks
    names = "Python, packages, GL libraries, hand models, starter model, emoji font, store, disk"
    assert ", ".join(c.name for c in checks) == f"{names}, port, camera"
    assert not paths.workspace.exists()  # looking changes nothing


def test_missing_and_altered_models_are_found(paths, tmp_path):
    found = check(replace(paths, weights=tmp_path / "none"), "hand models")
    assert found.state == WRONG
    assert "weights prepare" in found.fix
    copy = tmp_path / "weights"
    shutil.copytree(paths.weights, copy)
    for task in copy.rglob("*"):
        if task.is_file():
            task.write_bytes(task.read_bytes()[:-1] + b"?")
    assert check(replace(paths, weights=copy), "hand models").state == WRONG


def test_a_damaged_store_is_found(paths):
    Store(paths.database).close()
    assert check(paths, "store").state == OK
    content = bytearray(paths.database.read_bytes())
    content[4096 : 3 * 4096] = b"\xff" * (2 * 4096)
    paths.database.write_bytes(bytes(content))
    found = check(paths, "store")
    assert found.state == WRONG
    assert str(paths.database) in found.fix


def test_a_database_is_looked_at_and_its_password_is_not_told(paths, postgresql_url):
    with_password = postgresql_url.replace("mudra@", "mudra:secret@")
    there = replace(paths, database_url=with_password)
    found = check(there, "store")
    assert (found.state, found.found[:10]) == (OK, "0 projects") and "secret" not in found.found
    away = replace(paths, database_url="postgresql://u:secret@127.0.0.1:1/x")
    found = check(away, "store")
    assert found.state == WRONG and "MUDRA_DATABASE" in found.fix
    assert "secret" not in found.found + found.fix and not paths.workspace.exists()


def test_a_port_that_is_taken_is_a_warning_with_another_port(paths):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = check(paths, "port", port=port)
    assert found.state == WARN
    assert f"--port {port + 1}" in found.fix


def test_other_versions_and_missing_packages_are_told_apart(paths, tmp_path):
    (tmp_path / "requirements.txt").write_text("# pins\nnumpy==1.0.0\n")
    found = check(paths, "packages", root=tmp_path)
    assert found.state == WARN
    assert "instead of 1.0.0" in found.found
    (tmp_path / "requirements.txt").write_text("numpy==1.0.0\nno-such-package==2\n")
    found = check(paths, "packages", root=tmp_path)
    assert found.state == WRONG
    assert found.found == "missing: no-such-package"


def test_without_any_package_the_command_s_function_still_answers(root):
    """Python without site-packages: every finding is a line, none a crash."""
    code = (
        "from core.paths import Paths\n"
        "from core.admin.doctor import run_checks, has_no_failure\n"
        "checks = run_checks(Paths.find())\n"
        "print(has_no_failure(checks), [c.name for c in checks if c.state == 'wrong'])\n"
    )
    command = [sys.executable, "-S", "-c", code]
    environ = os.environ | {"PYTHONPATH": str(root)}
    bare = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environ)
    assert bare.returncode == 0, bare.stderr
    assert bare.stdout.startswith("False ['packages'")


def test_the_command_prints_json_and_fails_where_something_is_wrong(
    tmp_path, weights_folder, monkeypatch
):
    for weights, is_well in ((weights_folder, True), (tmp_path / "none", False)):
        monkeypatch.setenv("MUDRA_WEIGHTS", str(weights))
        done = invoke("doctor", "--workspace", tmp_path / "w", "--json")
        assert (done.exit_code, json.loads(done.stdout)["well"]) == (1 - is_well, is_well)
