"""What the Export page hands out comes back by what it takes in; one file at a time lies there."""

import csv
import io
import zipfile

import numpy as np
import pytest

from core.errors import MudraError, TableError
from core.exchange.downloads import (
    WHOLE_PROJECT,
    import_uploaded_project,
    import_uploaded_samples,
    prepare_download,
)
from tests.exchange.conftest import content, sample
from tests.support.stored import record


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "visitor").mkdir()
    return tmp_path / "visitor"


@pytest.fixture
def filled(store, project):
    """Three samples of ok, one without a missing keypoint."""
    whole = sample(3, keypoints=np.arange(42, dtype=np.float32).reshape(21, 2))
    record(store, project, [sample(1), sample(2), whole])
    return project


def test_the_whole_project_comes_back_under_a_free_name(store, paths, filled, folder):
    calls = []
    made = prepare_download(
        store, paths, filled, WHOLE_PROJECT, folder, progress=lambda *done: calls.append(done)
    )
    assert (made.name, calls[-1]) == ("Demo.zip", (3, 3))
    project_id, text = import_uploaded_project(
        store, paths, made.path.read_bytes(), "my copy.zip", folder
    )
    assert "“Demo 2”: " in text and "3 samples" in text
    assert project_id == store.project("Demo 2").id
    assert content(store, "Demo 2") == content(store, "Demo")


def test_keypoint_csv_and_its_names_come_in_one_zip_called_as_the_app_calls_them(
    store, paths, filled, folder
):
    made = prepare_download(store, paths, filled, "kazuhito", folder)
    with zipfile.ZipFile(io.BytesIO(made.path.read_bytes())) as archive:
        names = archive.namelist()
        rows = list(csv.reader(io.TextIOWrapper(archive.open("keypoint.csv"))))
    assert names == ["keypoint.csv", "keypoint_classifier_label.csv"]
    assert len(rows) == 1 and len(rows[0]) == 43  # two of three lack a keypoint
    assert float(rows[0][-1]) == 1.0 and float(rows[0][1]) == 0.0  # from the wrist, farthest 1
    assert "keypoint.csv" in made.text and "2 with a missing" in made.text
    assert [path.name for path in folder.iterdir()] == [made.path.name]


def test_what_was_prepared_before_goes(store, paths, filled, folder):
    first = prepare_download(store, paths, filled, "csv", folder)
    second = prepare_download(store, paths, filled, WHOLE_PROJECT, folder, with_pictures=False)
    assert not first.path.exists() and [*folder.iterdir()] == [second.path]


def test_a_name_is_a_file_s_by_its_letters_and_digits_alone(store, paths, filled, folder):
    store.rename_project(filled.id, "../a b: «ü»?")
    renamed = store.project("../a b: «ü»?")
    assert prepare_download(store, paths, renamed, "csv", folder).name == "a_b___ü.csv"


def test_a_table_without_or_with_too_many_files_is_said_in_words(store, filled, folder):
    with pytest.raises(TableError, match="2 files came: give one table"):
        import_uploaded_samples(store, filled, [("a.csv", b"x"), ("b.csv", b"y")], folder)
    with pytest.raises(TableError, match="0 files came"):
        import_uploaded_samples(store, filled, [("a_classifier_label.csv", b"x")], folder)


@pytest.mark.parametrize("name", ["../../evil.csv", "C:\\evil.csv", "evil.zip"])
def test_a_hostile_upload_leaves_nothing_behind(store, paths, filled, folder, tmp_path, name):
    before = set(tmp_path.rglob("*"))
    with pytest.raises(MudraError):
        import_uploaded_samples(store, filled, [(name, b"PK\x03\x04 not at all")], folder)
    with pytest.raises(MudraError):
        import_uploaded_project(store, paths, b"PK\x03\x04 not at all", name, folder)
    after = set(tmp_path.rglob("*")) - before
    assert {path.name for path in after} <= {"mudra.db-wal", "mudra.db-shm"}
    assert len(store.samples(filled.id)) == 3
