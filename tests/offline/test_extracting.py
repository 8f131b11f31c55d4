"""Extracted keypoints come back through an import unchanged."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.errors import EstimatorError, MediaError
from core.offline.extracting import extract
from core.paths import Paths
from core.recording.imports.cells import quote_formula, unquote_formula
from core.recording.imports.importing import ImportOptions, import_path
from core.recording.imports.tables import read_table


def test_a_folder_becomes_a_table_of_the_keypoints_that_an_import_finds_and_names_what_is_broken(
    photos, weights_folder, tmp_path, store, make_estimator
):
    import_path(store, "p", photos, ImportOptions(make_estimator))
    stored = store.samples(store.project("p").id, newest_first=False)
    (photos / "ok" / "broken.jpg").write_bytes(b"no picture")
    for out in (tmp_path / "hands.csv", tmp_path / "hands.parquet"):
        found = extract(photos, out, paths=replace(Paths.find(), weights=weights_folder))
        [refused] = found.pop("refused")
        assert refused[0] == "broken.jpg" and found == {"files": 7, "hands": 6}
        read = read_table(out)
        assert sorted(read.gestures) == ["fist"] * 3 + ["ok"] * 3
        assert read.estimator == "mediapipe-hands"
        np.testing.assert_allclose([s.pose for s in stored], read.keypoints, atol=1e-3)


def test_a_video_gives_a_row_a_hand_with_its_time(shared_data, weights_folder, tmp_path):
    out = tmp_path / "hands.csv"
    video = shared_data / "hand_videos" / "asl.mp4"
    found = extract(video, out, paths=replace(Paths.find(), weights=weights_folder))
    table = pd.read_csv(out)
    assert found["hands"] == len(table) >= 80
    np.testing.assert_allclose(table.time_s, table.frame / 30, atol=0.01)
    assert (table.width == 440).all() and table.wz20.notna().all()


def test_bodies_are_extracted_as_persons_with_visibility_and_angles(
    shared_data, weights_folder, tmp_path
):
    found = extract(
        shared_data / "samples" / "coco" / "000000000785.jpg",
        tmp_path / "bodies.csv",
        paths=replace(Paths.find(), weights=weights_folder),
        estimator="mediapipe-pose",
    )
    assert found == {"files": 1, "persons": 1, "refused": []}
    [row] = pd.read_csv(tmp_path / "bodies.csv").to_dict("records")
    assert row["estimator"] == "mediapipe-pose" and row["person"] == 0 and row["height"] == 425
    assert row["y0"] < row["y23"] < row["y27"]  # nose, hip, ankle
    assert 0 <= row["v32"] <= 1 and 60 < row["left_knee"] < 180


@pytest.mark.parametrize("estimator", ["movenet.multipose", "movenet.thunder"])
def test_movenet_s_bodies_are_extracted_with_angles_and_without_metres(
    shared_data, weights_folder, tmp_path, estimator
):
    picture = shared_data / "samples" / "coco" / "000000000785.jpg"
    paths = replace(Paths.find(), weights=weights_folder)
    found = extract(picture, tmp_path / "bodies.csv", paths=paths, estimator=estimator)
    assert found == {"files": 1, "persons": 1, "refused": []}
    [row] = pd.read_csv(tmp_path / "bodies.csv").to_dict("records")
    assert row["estimator"] == estimator and row["skeleton"] == "coco_17"
    assert row["y0"] < row["y11"] < row["y15"]  # nose, hip, ankle
    assert np.isnan(row["wz0"]) and 60 < row["left_knee"] < 180


def test_an_estimator_that_there_is_not_is_refused_before_anything_is_read(photos, tmp_path):
    with pytest.raises(EstimatorError, match="mediapipe-hands, mediapipe-both-hands"):
        extract(
            photos,
            tmp_path / "a.csv",
            paths=replace(Paths.find(), weights=tmp_path),
            estimator="mediapipe-feet",
        )
    assert not (tmp_path / "a.csv").exists()


def test_other_suffixes_and_empty_folders_are_refused(photos, weights_folder, tmp_path):
    with pytest.raises(MediaError, match=r"\.csv or \.parquet"):
        extract(photos, tmp_path / "a.xlsx", paths=replace(Paths.find(), weights=weights_folder))
    (tmp_path / "void").mkdir()
    with pytest.raises(MediaError, match="no pictures"):
        extract(
            tmp_path / "void",
            tmp_path / "a.csv",
            paths=replace(Paths.find(), weights=weights_folder),
        )


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "−1", "＝1", "'=1", "''"])
def test_no_text_acts_as_a_formula_and_it_comes_back(text):
    assert quote_formula(text) == "'" + text
    assert unquote_formula(quote_formula(text)) == text


@pytest.mark.parametrize("text", ["ok", "", "it's", "x=1", "0.5"])
def test_a_plain_text_stays_as_it_is(text):
    assert quote_formula(text) == text == unquote_formula(text)
    assert unquote_formula("'tis") == "'tis"
