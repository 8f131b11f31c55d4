"""The files for a browser are the published ones, complete or absent, in a folder of their own."""

import io
import tarfile

import pytest

from core.errors import WeightsError
from core.modelfiles.browser_files import (
    LOADER,
    MODELS,
    build_package_url,
    get_browser_folder,
    has_browser_files,
    prepare_browser_files,
)
from tests.conftest import lacking

CLOSED_PORT = "http://127.0.0.1:9"


def test_the_models_are_the_server_s_and_a_second_preparation_changes_nothing(
    weights_folder, monkeypatch
):
    if not has_browser_files(weights_folder):
        lacking(f"no files for a browser in {weights_folder}", "run `make setup`")
    monkeypatch.setenv("npm_config_registry", CLOSED_PORT)
    folder = get_browser_folder(weights_folder)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    prepare_browser_files(weights_folder)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    for name in MODELS:
        assert (folder / name).read_bytes() == (weights_folder / name).read_bytes()


def test_the_registry_is_npm_s_default_or_the_configured_one():
    path = "/@mediapipe/tasks-vision/-/tasks-vision-0.10.35.tgz"
    assert build_package_url({}) == f"https://registry.npmjs.org{path}"
    configured = {"npm_config_registry": "https://mirror.example/npm/"}
    assert build_package_url(configured) == f"https://mirror.example/npm{path}"


@pytest.mark.parametrize("files", [{}, {"package/vision_bundle.mjs": b"alert(1)"}, None])
def test_a_package_that_is_not_the_published_one_leaves_no_file(tmp_path, files):
    path = tmp_path / "given.tgz"
    if files is None:
        path.write_bytes(b"<html>sign in</html>")
    else:
        with tarfile.open(path, "w:gz") as archive:
            for name, content in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    with pytest.raises(WeightsError, match=r"is not tasks-vision|sha256"):
        prepare_browser_files(tmp_path / "weights", package=path)
    assert not list(get_browser_folder(tmp_path / "weights").iterdir())


def test_offline_the_error_names_the_url_and_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_registry", CLOSED_PORT)
    with pytest.raises(WeightsError, match=r"127\.0\.0\.1:9/@mediapipe.*make setup"):
        prepare_browser_files(tmp_path)
    assert not has_browser_files(tmp_path) and not (get_browser_folder(tmp_path) / LOADER).exists()
