"""The measurements measure: every step has its figure, on real frames, tables and pictures."""

import shutil
import time

import numpy as np
import pytest

from core.errors import MudraError
from core.media.pictures import read_picture
from core.media.videos import VideoWriter
from core.paths import Paths
from core.recipes import bench
from core.recipes.bench import (
    bench_import,
    bench_learn,
    bench_live,
    bench_train,
    live_figures,
)
from core.recipes.bench_bodies import bench_bodies


@pytest.fixture
def paths(weights_folder):
    return Paths.find()


def test_a_live_frame_s_steps_stand_beside_the_bare_loop(paths, shared_data):
    found = bench_live(paths, shared_data / "hand_videos" / "fist.mp4", frames=10)
    assert found["frames"] == 10
    assert found["with_hand"] >= 9
    assert set(found["stages"]) == {
        "decode",
        "colour conversion",
        "landmarks",
        "features + classifier",
        "smoothing",
        "drawing",
        "encode",
    }
    assert all(ms > 0 for ms in found["stages"].values())
    # no order among them: each is timed by itself, and a busy machine turns them round
    assert found["own_ms"] > 0 and found["whole_ms"] > 0


@pytest.mark.slow
def test_a_body_s_frame_stands_beside_the_bare_loop_too(paths, shared_data, tmp_path):
    skier = read_picture(shared_data / "samples" / "coco" / "000000000785.jpg")
    with VideoWriter(tmp_path / "ski.webm", 15, skier.shape[:2]) as video:
        for shift in range(5):
            video.write(np.roll(skier, 4 * shift, axis=1))
    found = bench_bodies(paths, tmp_path / "ski.webm", frames=10)
    assert found["frames"] == found["with_person"] == 10
    assert found["own_ms"] > 0 and found["whole_ms"] > 0 and found["blurred_ms"] > 0
    assert found["bare_ms"] > 0 and found["ratio"] > 0


def test_the_figures_of_a_live_frame_by_hand():
    ms = {
        "bare MediaPipe": 20.0,
        "whole": 30.0,
        "own": 3.5,
        "landmarks": 21.0,
        "features + classifier": 1.0,
        "smoothing": 0.5,
        "drawing": 2.0,
        "colour conversion": 0.25,
        "encode": 3.0,
        "decode": 0.75,
        "colour conversion back": 0.5,
        "without maps": 31.0,
        "maps": 39.0,
    }
    assert live_figures(ms, ratio=1.6, frames=20, hands=19) == {
        "frames": 20,
        "with_hand": 19,
        "own_ms": 3.5,
        "whole_ms": 30.0,
        "bare_ms": 20.0,
        "ratio": 1.6,
        "maps_ms": 8.0,
        "stages": {
            "landmarks": 21.0,
            "features + classifier": 1.0,
            "smoothing": 0.5,
            "drawing": 2.0,
            "colour conversion": 0.75,
            "encode": 3.0,
            "decode": 0.75,
        },
    }


def test_a_training_says_when_its_model_answered_and_when_all_was_done(paths, shared_data):
    found = bench_train(paths, shared_data / "seed_classifier" / "kazuhito" / "keypoint.csv")
    assert found["rows"] == 4450
    assert 0 < found["first_point_s"] < found["usable_s"] < found["final_s"]
    assert found["accuracy"] > 0.9


@pytest.mark.slow
def test_learning_as_one_goes_is_measured_at_every_number_of_samples(
    paths, shared_data, monkeypatch
):
    monkeypatch.setattr(bench, "SAMPLES", (450,))
    monkeypatch.setattr(bench, "_TIMES", 1)
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


def test_a_video_that_is_none_is_refused(paths, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"\0" * 100)
    with pytest.raises(MudraError, match=r"a\.mp4"):
        bench_live(paths, tmp_path / "a.mp4")
