"""Models are built from the published files alone, completely or not at all."""

import hashlib
import shutil
import zipfile

import pytest

from core.errors import WeightsError
from core.modelfiles.mediapipe_models import (
    MODELS,
    find_prepared_model,
    has_prepared_models,
    prepare_models,
)


@pytest.fixture
def prepared(weights_folder, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(weights_folder, tmp_path / "weights")


def test_every_bundle_is_stored_and_aligned(weights_folder):
    for name, bundle in MODELS.items():
        path = find_prepared_model(name, weights_folder)
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist() == list(bundle.members)
            for entry in archive.infolist():
                assert entry.compress_type == zipfile.ZIP_STORED
                start = entry.header_offset + 30 + len(entry.filename) + len(entry.extra)
                assert start % 64 == 0
                assert path.read_bytes()[start + 4 : start + 8] == b"TFL3"


def test_only_members_that_lack_a_normalisation_are_changed(weights_folder):
    with zipfile.ZipFile(find_prepared_model("hand_landmarker_full", weights_folder)) as archive:
        for name, member in MODELS["hand_landmarker_full"].members.items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == member.sha256
    with zipfile.ZipFile(find_prepared_model("pose_landmarker_full", weights_folder)) as archive:
        assert b"TFLITE_METADATA" in archive.read("pose_landmarks_detector.tflite")


def test_a_second_preparation_changes_nothing_and_needs_no_network(prepared, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    before = {path: path.stat().st_mtime_ns for path in prepared.iterdir()}
    prepare_models(prepared)
    assert {path: path.stat().st_mtime_ns for path in prepared.iterdir()} == before


def test_an_altered_missing_or_unknown_model_is_an_error(prepared, tmp_path):
    path = prepared / "hand_landmarker_full.task"
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(bytes(content))
    assert not has_prepared_models(prepared)
    for name, folder, error in (
        ("hand_landmarker_full", prepared, "not the file that was prepared"),
        ("hand_landmarker_full", tmp_path, "make setup"),
        ("face", tmp_path, "no model “face”"),
    ):
        with pytest.raises(WeightsError, match=error):
            find_prepared_model(name, folder)


def test_offline_is_an_error_and_leaves_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing"))
    with pytest.raises(WeightsError, match="go online"):
        prepare_models(tmp_path / "weights")
    assert not list((tmp_path / "weights").iterdir())


@pytest.mark.parametrize("case", ["wrong content", "missing file", "no zip"])
def test_a_wheel_that_is_not_the_published_one_is_refused(tmp_path, case):
    wheel = tmp_path / "mediapipe.whl"
    if case == "no zip":
        wheel.write_bytes(b"hello")
    else:
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("mediapipe/modules/other.txt", b"")
            if case == "wrong content":
                for bundle in MODELS.values():
                    for member in bundle.members.values():
                        archive.writestr(f"mediapipe/modules/{member.path}", b"TFL3")
    with pytest.raises(WeightsError):
        prepare_models(tmp_path / "weights", wheel=wheel)
    assert not list((tmp_path / "weights").iterdir())
