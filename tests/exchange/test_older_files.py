"""Files that an earlier Mudra wrote still come in, whole.

`version_1.zip`, `.csv` and `.json` hold the project of tests/store/version_6.db.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.exchange.project.project_file import import_project
from core.exchange.tables.data_in import import_data
from core.paths import Paths
from core.store import Store

HERE = Path(__file__).parent


@pytest.fixture
def written(tmp_path):
    """The samples that the files were written from, oldest first."""
    old = Store(Path(shutil.copy(HERE.parent / "store" / "version_6.db", tmp_path / "old.db")))
    yield old.samples(old.project("old gestures").id, newest_first=False)
    old.close()


def check(store, project, written, *, pictures):
    found = store.samples(project.id, newest_first=False)
    assert len(found) == len(written) == 4
    for one, wanted in zip(found, written, strict=True):
        for name in ("keypoints", "scores", "world"):
            np.testing.assert_array_equal(getattr(one, name), getattr(wanted, name))
        for name in ("instance", "handedness", "size_hw", "region", "taken_at", "frames"):
            assert getattr(one, name) == getattr(wanted, name), name
        assert one.crop_jpeg == (wanted.crop_jpeg if pictures else None)
    emoji = {g.name: g.emoji for g in store.gestures(project.id)}
    assert emoji["peace"] == "✌\ufe0f" and emoji["point_up"] == "☝\ufe0f"


def test_a_project_file_of_version_1(store, tmp_path, written):
    (tmp_path / "there").mkdir()
    opened = import_project(store, Paths.find(tmp_path / "there"), HERE / "version_1.zip")
    project = store.project(opened.project)
    assert project.skeleton == "hand_21" and opened.counts["samples"] == 5  # one in the bin
    check(store, project, written, pictures=True)


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_a_table_of_version_1(store, suffix, written):
    report = import_data(store, "from a table", HERE / f"version_1.{suffix}")
    assert report.added == 4
    check(store, store.project("from a table"), written, pictures=False)
    assert import_data(store, "from a table", HERE / f"version_1.{suffix}").already == 4
