"""Models are built from the published files alone, whole or not at all."""

import hashlib
import shutil
import zipfile

import pytest

from core.errors import WeightsError
from core.modelfiles import mediapipe_models
from core.modelfiles.mediapipe_models import MODELS, is_prepared, path_of, prepare


@pytest.fixture
def prepared(weights_folder, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(weights_folder, tmp_path / "weights")


def test_every_bundle_is_stored_and_aligned(weights_folder):
    for name, bundle in MODELS.items():
        path = path_of(name, weights_folder)
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist() == list(bundle.parts)
            for entry in archive.infolist():
                assert entry.compress_type == zipfile.ZIP_STORED
                begin = entry.header_offset + 30 + len(entry.filename) + len(entry.extra)
                assert begin % 64 == 0
                assert path.read_bytes()[begin + 4 : begin + 8] == b"TFL3"


def test_the_parts_without_metadata_come_through_unchanged(weights_folder):
    with zipfile.ZipFile(path_of("hand_landmarker_full", weights_folder)) as archive:
        for name, part in MODELS["hand_landmarker_full"].parts.items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == part.sha256


def test_the_normalisation_that_was_missing_is_in_the_lite_palm_model(weights_folder):
    with zipfile.ZipFile(path_of("hand_landmarker_lite", weights_folder)) as archive:
        assert b"TFLITE_METADATA" in archive.read("hand_detector.tflite")


def test_a_second_preparation_touches_nothing_and_needs_no_network(prepared, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    before = {path: path.stat().st_mtime_ns for path in prepared.iterdir()}
    prepare(prepared)
    assert {path: path.stat().st_mtime_ns for path in prepared.iterdir()} == before


def test_an_altered_model_is_refused(prepared):
    path = prepared / "hand_landmarker_full.task"
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(WeightsError, match="not the file that was prepared"):
        path_of("hand_landmarker_full", prepared)
    assert not is_prepared(prepared)


def test_a_missing_model_names_the_command_that_brings_it(tmp_path):
    with pytest.raises(WeightsError, match="make setup"):
        path_of("hand_landmarker_full", tmp_path)


def test_an_unknown_model_is_named(tmp_path):
    with pytest.raises(WeightsError, match="face"):
        path_of("face", tmp_path)


def test_offline_says_so_and_leaves_nothing_half_done(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing"))
    with pytest.raises(WeightsError, match="go online"):
        prepare(tmp_path / "weights")
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
                    for part in bundle.parts.values():
                        archive.writestr(f"mediapipe/modules/{part.path}", b"TFL3")
    with pytest.raises(WeightsError):
        prepare(tmp_path / "weights", wheel=wheel)
    assert not list((tmp_path / "weights").iterdir())


def test_bundles_come_out_the_same_every_time():
    entries = {"a.tflite": b"x" * 100, "b.tflite": b"y" * 33}
    assert mediapipe_models._task(entries) == mediapipe_models._task(entries)
