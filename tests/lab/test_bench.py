"""The measurements measure: every step has its figure, on real frames, tables and pictures."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from core.errors import WeightsError
from core.lab import bench, bench_live
from core.lab.bench import bench_depth, bench_import, bench_learn, bench_net, bench_train
from core.lab.bench_live import bench_body, bench_hand
from core.media.pictures import read_picture
from core.media.videos import VideoWriter
from core.paths import Paths
from tests.support.massing_net import save_massing_net


@pytest.fixture
def paths(weights_folder):
    return Paths.find()


def test_a_live_frame_s_steps_stand_beside_the_bare_loop(paths, shared_data, monkeypatch):
    monkeypatch.setattr(bench_live, "ROUNDS", 2)
    monkeypatch.setattr(bench_live, "WARM_UP_FRAMES", 2)
    found = bench_hand(paths, shared_data / "hand_videos" / "fist.mp4", frames=6)
    assert found["frames"] == 6
    assert found["with_hand"] >= 5
    steps = {"landmarks", "features + classifier", "smoothing", "drawing"}
    assert set(found["stages"]) == steps
    assert all(ms > 0 for ms in found["stages"].values())
    # no order among them: each is timed by itself, and a busy machine turns them round
    assert found["own_ms"] > 0 and found["whole_ms"] > 0


@pytest.mark.slow
def test_a_body_s_frame_stands_beside_the_bare_loop_too(paths, shared_data, tmp_path):
    skier = read_picture(shared_data / "samples" / "coco" / "000000000785.jpg")
    with VideoWriter(tmp_path / "ski.webm", 15, skier.shape[:2]) as video:
        for shift in range(5):
            video.write(np.roll(skier, 4 * shift, axis=1))
    found = bench_body(paths, tmp_path / "ski.webm", frames=10)
    assert found["frames"] == found["with_person"] == 10
    assert found["own_ms"] > 0 and found["whole_ms"] > 0 and found["blurred_ms"] > 0
    assert found["bare_ms"] > 0 and found["ratio"] > 0


def test_a_training_says_when_its_model_answered_and_when_all_was_done(
    paths, shared_data, tmp_path
):
    table = shared_data / "seed_classifier" / "kazuhito" / "keypoint.csv"
    rows = table.read_text().splitlines()[::5]
    (tmp_path / "keypoint.csv").write_text("\n".join(rows) + "\n")
    found = bench_train(paths, tmp_path / "keypoint.csv")
    assert found["rows"] == len(rows) == 890
    assert 0 < found["first_point_s"] < found["usable_s"] < found["final_s"]
    assert found["accuracy"] > 0.9


@pytest.mark.slow
def test_retraining_is_measured_at_every_number_of_samples(paths, shared_data, monkeypatch):
    monkeypatch.setattr(bench, "SAMPLES", (450,))
    monkeypatch.setattr(bench, "TRAININGS", 1)
    found = bench_learn(paths, shared_data / "hand_keypoints" / "gestures.csv")
    assert list(found) == ["first", "450 samples"]
    for seconds in found.values():
        assert 0 < seconds["first_point_s"] < seconds["usable_s"] < seconds["final_s"]


def test_an_import_counts_what_it_added_and_refused(paths, shared_data, tmp_path):
    (tmp_path / "fist").mkdir()
    photos = sorted((shared_data / "hand_images" / "didi" / "fist").iterdir())[:3]
    for photo in photos:
        shutil.copy(photo, tmp_path / "fist")
    (tmp_path / "fist" / "broken.jpg").write_bytes(b"no picture")
    begun_s = time.perf_counter()
    found = bench_import(paths, tmp_path)
    by_the_watch_s = time.perf_counter() - begun_s
    assert (found["added"], found["refused"]) == (3, 1)
    # the watch saw the store opened and closed, too
    assert 0 < found["seconds"] <= by_the_watch_s
    assert found["a_second"] >= 4 / by_the_watch_s - 0.05


def test_a_net_that_is_there_and_an_architecture_are_timed(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "BATCHES", (1, 2))
    monkeypatch.setattr(bench, "MIN_S", 0.01)
    paths = Paths(tmp_path, tmp_path)
    for name, said in (("cpm.hand_light", "128x128"), ("pose_resnet18", "256x192")):
        found = bench_net(paths, Path(name))
        assert found["net"] == name and found["input"] == said and found["threads"] >= 1
        assert [row["pictures"] for row in found["batches"]] == [1, 2]
        for row in found["batches"]:
            each = row["pictures"] / row["pictures_per_s"]
            assert 1000 * each == pytest.approx(row["ms"], rel=0.05)
    assert found["mb"] == pytest.approx(4 * 15.4, rel=0.05)  # four bytes a parameter


def test_a_hand_in_depth_is_followed_while_a_net_is_timed(tmp_path):
    save_massing_net(tmp_path / "nets" / "crossinfonet.massing")
    found = bench_depth(Paths(tmp_path, tmp_path), Path("crossinfonet.massing"), frames=1, reads=4)
    assert [row["threads"] for row in found["by_threads"]] == [1, 2]
    for row in found["by_threads"]:
        assert row["p90_ms"] >= row["ms"] > 0 < row["cpu_ms"]
    shipped = bench_depth(Paths(tmp_path, tmp_path), frames=1, reads=1)
    assert shipped["net"] == "crossinfonet.synthetic_light"
    assert shipped["mb"] < 4 * 4.2  # at most four million parameters of four bytes


def test_a_net_that_nobody_knows_is_told(tmp_path):
    paths = Paths(tmp_path, tmp_path)
    with pytest.raises(WeightsError, match=r"no net “pose_net”.*pose_resnet50"):
        bench_net(paths, Path("pose_net"))
    with pytest.raises(WeightsError, match=r"no net “pose_resnet18” of depth.*synthetic_light"):
        bench_depth(paths, Path("pose_resnet18"))
