"""The measurements measure: every step has its figure, on real frames, tables and pictures."""

import shutil

import pytest

from core.errors import MudraError
from core.paths import Places
from core.recipes.bench import OWN, bench_import, bench_live, bench_train


@pytest.fixture
def places(weights_folder):
    return Places.find()


def test_a_live_frame_s_steps_stand_beside_the_bare_loop(places, shared_data):
    found = bench_live(places, shared_data / "hand_videos" / "fist.mp4", frames=20)
    assert found["frames"] == 20
    assert found["with_hand"] >= 18
    assert {"decode", "colour conversion", "landmarks", "encode", *OWN} == set(found["stages"])
    assert all(ms > 0 for ms in found["stages"].values())
    assert found["own_ms"] == pytest.approx(sum(found["stages"][name] for name in OWN), abs=0.01)
    assert found["ratio"] == pytest.approx(found["whole_ms"] / found["bare_ms"], abs=0.01)


def test_a_training_says_when_its_first_point_and_its_best_epoch_came(places, shared_data):
    found = bench_train(places, shared_data / "seed_classifier" / "kazuhito" / "keypoint.csv")
    assert found["rows"] == 4450
    assert 0 < found["first_point_s"] <= found["best_epoch_s"] <= found["seconds"]
    assert found["accuracy"] > 0.9


def test_an_import_counts_what_it_added_and_refused(places, shared_data, tmp_path):
    (tmp_path / "fist").mkdir()
    photos = sorted((shared_data / "hand_images" / "didi" / "fist").iterdir())[:3]
    for photo in photos:
        shutil.copy(photo, tmp_path / "fist")
    (tmp_path / "fist" / "broken.jpg").write_bytes(b"no picture")
    found = bench_import(places, tmp_path)
    assert (found["added"], found["refused"]) == (3, 1)
    assert found["a_second"] == pytest.approx(4 / found["seconds"], rel=0.2)


def test_a_video_that_is_none_is_refused(places, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"\0" * 100)
    with pytest.raises(MudraError, match=r"a\.mp4"):
        bench_live(places, tmp_path / "a.mp4")
