"""Evaluation of a gesture model: every item counts, by hand-counted examples."""

import shutil
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.errors import ModelError, TableError
from core.exchange.tables.data_out import export_data
from core.gestures.classifier.fitting import TrainOptions
from core.gestures.classifier.learner import train
from core.gestures.modelfile.gesture_model import GestureModel
from core.measuring.gesture_evaluation import (
    compute_accuracies,
    count_open_set,
    evaluate_gestures,
    select_picture_gesture,
)
from core.media.pictures import encode_jpeg, encode_png, read_picture
from core.pose.types import Estimate, Pose
from core.reading.reading import predict_hands
from core.recording.imports.tables import read_table
from core.store import NewSample
from core.training.runs import Run
from tests.support.gesture_samples import gesture_samples
from tests.support.stored import record


def test_accuracies_of_six_items_by_hand():
    target = ["ok", "ok", "ok", "fist", "fist", "none"]
    predicted = ["ok", "fist", "undetected", "fist", "fist", "undetected"]
    found = compute_accuracies(target, predicted)
    assert (found["n"], found["detected"]) == (6, 4)
    assert found["accuracy"] == 3 / 6 and found["accuracy_detected"] == 3 / 4
    assert found["confusion"]["ok"] == {"ok": 1, "fist": 1, "undetected": 1}
    ok = found["per_gesture"]["ok"]
    assert (ok["n"], ok["detected"]) == (3, 2)
    assert (ok["accuracy"], ok["accuracy_detected"]) == (1 / 3, 1 / 2)
    # Wilson, 1 of 3: centre (1/3 + 3.8416 / 6) / 2.2805, half .7682 / 2.2805; 1 of 2 by symmetry
    assert ok["interval"] == pytest.approx([0.0615, 0.7923], abs=1e-4)
    assert ok["interval_detected"] == pytest.approx([0.0945, 0.9055], abs=1e-4)
    assert found["per_gesture"]["none"]["interval_detected"] is None
    assert found["per_gesture"]["none"]["accuracy_detected"] is None


def test_open_set_rates_of_nine_items_by_hand():
    target = ["ok"] * 4 + ["fist"] + ["none"] * 4
    accepted = [True, True, False, None, True, False, True, None, False]
    found = count_open_set(target, accepted)
    assert found == {"rejected": pytest.approx(1 / 4), "false_accept": pytest.approx(1 / 3)}
    assert count_open_set(["ok"], [True]) == {"rejected": 0.0, "false_accept": None}
    assert count_open_set(["none", "ok"], [None, None]) == {"rejected": None, "false_accept": None}


def test_the_starter_on_the_real_table_counts_every_row(starter, shared_data, make_estimator):
    path = shared_data / "hand_keypoints" / "gestures.csv"
    found = evaluate_gestures(starter, path, estimator_factory=make_estimator)
    assert found["n"] == found["detected"] == 19_484
    assert found["accuracy"] == found["accuracy_detected"] > 0.995
    low, high = found["interval"]  # of 18 persons, not of 19,484 frames
    assert 0.95 < low < 0.99 < found["accuracy"] < high and found["interval_counts"] == "persons"
    assert sum(sum(row.values()) for row in found["confusion"].values()) == 19_484


def test_a_2d_model_ignores_a_table_s_z(starter, shared_data, tmp_path):
    table = pd.read_csv(shared_data / "hand_keypoints" / "gestures.csv").iloc[::400]
    columns = ["gesture", *(f"{axis}{joint}" for joint in range(21) for axis in "xy")]
    table[columns].to_csv(tmp_path / "flat.csv", index=False)
    z = np.random.default_rng(0).normal(0, 9, (len(table), 21))
    deep = table[columns].assign(**{f"z{joint}": z[:, joint] for joint in range(21)})
    deep.to_csv(tmp_path / "deep.csv", index=False)
    flat, with_z = (
        evaluate_gestures(starter, tmp_path / name, estimator_factory=lambda: None)
        for name in ("flat.csv", "deep.csv")
    )
    assert flat == with_z and flat["n"] == len(table) and flat["accuracy"] > 0.9


def test_exported_webcam_hands_point_where_their_viewer_saw_them(
    starter, store, project, shared_data, tmp_path
):
    """Stored keypoints are never mirrored: a mirrored view showed them the other way round."""
    for name in ("point_left", "point_right"):
        hand = (table_hand(shared_data, name) * [-1, 1]).astype(np.float32)
        one = NewSample(hand, np.ones(21, np.float32), "webcam", True, "mediapipe-hands")
        record(store, project, [one], name, "Ada")
    for suffix in ("csv", "parquet"):
        path = tmp_path / f"mine.{suffix}"
        export_data(store, project, path)
        found = evaluate_gestures(starter, path, estimator_factory=lambda: None)
        assert found["confusion"] == {n: {n: 1} for n in ("point_left", "point_right")}
    odd = pd.read_csv(tmp_path / "mine.csv").assign(mirrored_view=["true", "perhaps"])
    odd.to_csv(tmp_path / "odd.csv", index=False)
    with pytest.raises(TableError, match=r"true or false \(1 line: 3\)"):
        evaluate_gestures(starter, tmp_path / "odd.csv", estimator_factory=lambda: None)
    clip = pd.read_csv(tmp_path / "mine.csv").assign(id=1, frame=[0, 1])
    clip.to_csv(tmp_path / "clip.csv", index=False)
    with pytest.raises(TableError, match="has clips, a row a frame"):
        evaluate_gestures(starter, tmp_path / "clip.csv", estimator_factory=lambda: None)


def test_unknown_labels_count_as_none(starter, shared_data, make_estimator):
    path = shared_data / "seed_classifier" / "kazuhito" / "keypoint.csv"
    found = evaluate_gestures(starter, path, estimator_factory=make_estimator)
    assert found["interval_counts"] == "bursts" and found["interval"][0] < found["accuracy"] - 0.02
    assert found["unknown_folders"] == ["Pointer"] and found["per_gesture"]["none"]["n"] == 1356
    assert found["per_gesture"]["open_palm"]["n"] == 1522
    mapped = evaluate_gestures(
        starter, path, estimator_factory=make_estimator, mapping={"Pointer": "point_up"}
    )
    assert mapped["unknown_folders"] == [] and mapped["per_gesture"]["point_up"]["n"] == 1356


def test_keypoints_of_another_estimator_are_an_error(starter, shared_data, make_estimator):
    path = shared_data / "seed_classifier" / "final_dataset_sample.csv"
    with pytest.raises(ModelError, match="openpose-hand"):
        evaluate_gestures(starter, path, estimator_factory=make_estimator)


def test_a_folder_of_photos_counts_the_undetected_as_wrong(starter, photos, make_estimator):
    grey = encode_jpeg(np.full((200, 200, 3), 90, np.uint8))
    (photos / "ok" / "grey.jpg").write_bytes(grey)
    (photos / "ok" / "broken.jpg").write_bytes(b"no picture")
    found = evaluate_gestures(starter, photos, estimator_factory=make_estimator)
    assert (found["n"], found["detected"]) == (8, 6)
    assert found["accuracy"] == 6 / 8 and found["accuracy_detected"] == 1.0
    assert found["interval_counts"] == "pictures"
    assert found["confusion"]["ok"] == {"ok": 3, "undetected": 2}
    assert len(found["unreadable"]) == 1 and "broken.jpg" in found["unreadable"][0]


def test_many_pictures_need_no_more_memory_than_a_few(starter, make_estimator, tmp_path):
    picture = np.full((600, 800, 3), 90, np.uint8)

    def most_bytes(pictures: int) -> int:
        folder = tmp_path / f"{pictures}"
        (folder / "ok").mkdir(parents=True)
        for number in range(pictures):
            (folder / "ok" / f"{number}.jpg").write_bytes(encode_jpeg(picture))
        tracemalloc.start()
        try:
            found = evaluate_gestures(starter, folder, estimator_factory=make_estimator)
            assert found["n"] == pictures
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = most_bytes(4)
    assert most_bytes(12) < few + 3 * picture.nbytes


def table_hand(shared_data, gesture: str) -> np.ndarray:
    rows = pd.read_csv(shared_data / "hand_keypoints" / "gestures.csv")
    chosen = rows[rows.gesture == gesture].iloc[40, 4:46]
    return chosen.to_numpy(np.float32).reshape(21, 2)


def test_a_picture_has_the_most_probable_gesture_of_its_hands(starter, shared_data):
    hanging = np.full((21, 2), 300, np.float32) + np.linspace(0, 30, 42).reshape(21, 2)
    pointing = table_hand(shared_data, "point_up")
    poses = [
        Pose(hand.astype(np.float32), np.ones(21, np.float32), score)
        for hand, score in ((hanging, 0.99), (pointing, 0.9))
    ]
    both = Estimate(tuple(poses), (480, 640), "mediapipe-hands")
    hands = predict_hands(starter, both)
    assert select_picture_gesture([hand.probabilities for hand in hands]) == "point_up"
    assert select_picture_gesture([]) == "undetected"


def test_pointing_photos_turned_by_90_degrees_point_right_and_left(
    starter, make_estimator, shared_data, tmp_path
):
    """Turned clockwise (np.rot90 by -1) a finger that points up points to the right."""
    photos = sorted((shared_data / "hand_images" / "emrecandir" / "point_up").iterdir())[:10]
    for turns, gesture in ((0, "point_up"), (-1, "point_right"), (1, "point_left")):
        (tmp_path / gesture).mkdir()
        for path in photos:
            turned = np.ascontiguousarray(np.rot90(read_picture(path), turns))
            (tmp_path / gesture / path.with_suffix(".png").name).write_bytes(encode_png(turned))
    found = evaluate_gestures(starter, tmp_path, estimator_factory=make_estimator)
    for figures in found["per_gesture"].values():
        assert figures["detected"] >= 9 and figures["accuracy_detected"] >= 0.9, found["confusion"]


def test_unknown_signs_in_pictures_are_rejected(starter, shared_data, make_estimator, tmp_path):
    for digit in ("2", "4", "7", "5"):
        (tmp_path / digit).mkdir()
        for path in sorted((shared_data / "hand_images" / "digits" / digit).iterdir())[:60:20]:
            shutil.copy(path, tmp_path / digit)
    found = evaluate_gestures(
        starter, tmp_path, estimator_factory=make_estimator, mapping={"5": "open_palm"}
    )
    assert found["per_gesture"]["none"]["n"] == 9 and found["per_gesture"]["open_palm"]["n"] == 3
    assert found["false_accept"] == found["rejected"] == 0


def test_clips_of_gestures_that_the_model_lacks_count_only_in_false_accept(shared_data, tmp_path):
    path = shared_data / "moving" / "point_history.csv"
    table = read_table(path)
    names, counts = np.unique(table.gestures, return_counts=True)
    rows = np.flatnonzero(np.isin(table.gestures, names[:2]))[::20]
    labels = np.searchsorted(names, table.gestures[rows])
    takes = [f"b{row}" for row in rows]
    data = gesture_samples(
        table.keypoints[rows], labels, names[:2].tolist(), "p", None, takes, skeleton=table.skeleton
    )
    run = Run.create(tmp_path)
    train(replace(data, estimator=table.estimator), run, TrainOptions(epochs=1))
    found = evaluate_gestures(GestureModel.load(run.path), path, estimator_factory=lambda: None)
    assert found["n"] == counts[:2].sum() and found["accuracy"] > 0.6
    assert found["unjudged"] == dict(zip(names[2:].tolist(), counts[2:].tolist(), strict=True))
    assert found["unknown_folders"] == [] and set(found["confusion"]) == set(names[:2])
    assert 0 <= found["rejected"] < 1 and 0 <= found["false_accept"] <= 1
