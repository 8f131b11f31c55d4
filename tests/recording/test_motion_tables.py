"""Point histories: the ways of a fingertip, by named columns or as the app itself writes them."""

import numpy as np
import pandas as pd
import pytest

from core.errors import TableError
from core.recording.imports.importing import ImportOptions, import_path
from core.recording.imports.tables import read_table

XY = [f"{axis}{frame}" for frame in range(16) for axis in "xy"]
ABOUT = ["source_repo", "burst", "label", "glitch", "agree"]


def way(step: float = 0.01) -> list[float]:
    return [number for frame in range(16) for number in (frame * step, 0.0)]


@pytest.fixture
def table(tmp_path):
    rows = [
        ["anna", 0, "swipe_right", 0, 1, *way()],
        ["anna", 0, "swipe_right", 0, "", *way(0.011)],
        ["anna", 1, "swipe_right", 0, 1, *way(0.012)],
        ["ben", 0, "stop", 0, "", *way(0.001)],
        ["ben", 1, "stop", 1, "", *way(0.5)],
        ["ben", 2, "swipe_right", 0, 0, *way(-0.01)],
        ["ben", 3, "unclear", 0, "", *way()],
    ]
    path = tmp_path / "history.csv"
    pd.DataFrame(rows, columns=[*ABOUT, *XY]).to_csv(path, index=False)
    return path


def test_rows_are_clips_in_heights_of_the_picture_and_doubtful_ones_are_left_out(table):
    for layout in ("point-history", "auto"):
        read = read_table(table, layout)
        assert read.keypoints.shape == (4, 16, 1, 2) and read.skeleton == "fingertip_1"
        np.testing.assert_allclose(
            read.keypoints[0, :, 0, 0], np.arange(16) * 0.01 * 16 / 9, rtol=1e-5
        )
        assert read.gestures.tolist() == ["swipe_right"] * 3 + ["stop"]  # no alias of ✋
        for what in ("in which", "whose direction", "of unclear"):
            assert f"1 {what}" in read.remark


def test_they_come_in_as_clips_of_moving_gestures_a_recording_a_burst(store, table):
    report = import_path(store, "ways", table, ImportOptions(layout="point-history"))
    assert report.added == 4 and "left out" in report.text
    project = store.project("ways")
    kinds = {g.name: g.kind for g in store.gestures(project.id)}
    assert (kinds["swipe_right"], kinds["stop"]) == ("moving", "moving")
    data = store.training_data(project.id)
    assert data.is_moving and data.keypoints.shape == (4, 16, 1, 2)
    assert len({*data.recordings}) == 3 and {*data.persons} == {"anna", "ben"}
    again = import_path(store, "ways", table, ImportOptions(layout="point-history"))
    assert (again.added, again.already) == (0, 4)


def test_the_app_s_own_file_has_numbers_for_labels_and_their_names_beside_it(tmp_path):
    path = tmp_path / "point_history.csv"
    rows = [[0, *way(0)], [1, *way()], [1, *way(0.4)], [1, *way(0.02)], [7, *way()]]
    pd.DataFrame(rows).to_csv(path, index=False, header=False)
    (tmp_path / "point_history_classifier_label.csv").write_text("Stop\nClockwise\n")
    read = read_table(path)
    assert read.gestures.tolist() == ["Stop", "Clockwise", "Clockwise", "class 7"]
    assert read.recordings is not None and read.recordings.tolist() == ["1", "2", "2", "3"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,b\n1,2\n", "point history"),
        (",".join(["label", *XY[:-1]]) + "\n", "point history"),
        (",".join(["label", *XY]) + "\nup," + ",".join(["0"] * 31) + ",nan\n", "finite.*2"),
        (",".join(["label", *XY]) + "\n ," + ",".join(["0"] * 32) + "\n", "empty.*2"),
        (",".join(["up", *["0"] * 32]) + "\n", "whole number.*1"),
    ],
)
def test_damaged_ones_name_their_lines(tmp_path, text, reason):
    path = tmp_path / "p.csv"
    path.write_text(text)
    with pytest.raises(TableError, match=reason):
        read_table(path, "point-history")
