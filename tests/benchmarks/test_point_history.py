"""Recorders are left out whole, and what is asked of them others have logged, too."""

import numpy as np

from benchmarks.point_history import _common, folds_of, recorded


def test_a_recorder_is_in_one_fold_and_folds_are_filled_alike():
    persons = np.repeat(["a", "b", "c", "d", "e"], [50, 30, 20, 20, 20])
    fold = folds_of(persons, 3)
    assert [np.unique(fold[persons == name]).size for name in "abcde"] == [1] * 5
    assert sorted(np.bincount(fold).tolist()) == [40, 50, 50]


def test_rows_are_those_that_import_keeps_and_common_gestures_those_of_several(shared_data):
    data = recorded(shared_data / "moving")
    assert len(data) == 22_913 and len(np.unique(data.persons)) == 40
    common = data.take(_common(data))
    names = {data.gestures[label].name for label in common.labels}
    assert "swipe_left" in names and "sign_tudo" not in names and len(names) == 11
