"""What runs in a browser is what was published, whole or not there, and lies alone."""

import io
import tarfile

import pytest

from core.errors import WeightsError
from core.modelfiles.browser_files import (
    LOADER,
    MODELS,
    folder_of,
    is_ready,
    package_url,
    prepare,
)
from tests.conftest import lacking


def package(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def ready(weights_folder):
    if not is_ready(weights_folder):
        lacking(f"no files for a browser in {weights_folder}", "run `make setup`")
    return weights_folder


def test_the_models_are_the_server_s_and_a_second_preparation_touches_nothing(ready, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")  # nobody listens there
    files = list(folder_of(ready).iterdir())
    before = {path: path.stat().st_mtime_ns for path in files}
    prepare(ready)
    assert {path: path.stat().st_mtime_ns for path in files} == before
    for name in MODELS:
        assert (folder_of(ready) / name).read_bytes() == (ready / name).read_bytes()


def test_the_registry_is_npm_s_own_unless_npm_is_told_another():
    path = "/@mediapipe/tasks-vision/-/tasks-vision-0.10.35.tgz"
    assert package_url({}) == f"https://registry.npmjs.org{path}"
    told = {"npm_config_registry": "https://mirror.example/npm/"}
    assert package_url(told) == f"https://mirror.example/npm{path}"


@pytest.mark.parametrize(
    "files",
    [{}, {"package/vision_bundle.mjs": b"alert(1)"}],
)
def test_a_package_that_is_not_the_published_one_leaves_nothing(tmp_path, files):
    given = package(tmp_path / "given.tgz", files)
    with pytest.raises(WeightsError, match=r"is not tasks-vision|sha256"):
        prepare(tmp_path / "weights", package=given)
    assert not list(folder_of(tmp_path / "weights").iterdir())


def test_what_is_no_package_is_refused(tmp_path):
    (tmp_path / "given.tgz").write_bytes(b"<html>sign in</html>")
    with pytest.raises(WeightsError, match="is not tasks-vision"):
        prepare(tmp_path / "weights", package=tmp_path / "given.tgz")


def test_offline_says_which_address_and_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    with pytest.raises(WeightsError, match=r"127\.0\.0\.1:9/@mediapipe.*make setup"):
        prepare(tmp_path)
    assert not is_ready(tmp_path) and not (folder_of(tmp_path) / LOADER).exists()
