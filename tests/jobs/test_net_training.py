"""Nets taught on one's own samples, and chosen by name."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.datasets.hand_crops import Hand, write_pack
from core.errors import EstimatorError, TrainingError, WeightsError
from core.jobs.net_training import (
    LIGHT,
    delete_net_run,
    delete_packs,
    fine_tune_here,
    has_fine_tuning_checkpoint,
    read_project_hands,
    save_last_checkpoint,
    start_fine_tuning,
)
from core.jobs.trainings import describe_failure
from core.lab.net_data import hash_data_folder
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.types import Frame
from core.progress import ignore_progress
from core.reading.keypoint_sources import KeypointSource, available_nets
from core.recording.samples import make_sample
from core.training.runs import Run, list_runs
from tests.conftest import wait_until
from tests.support.stored import record


@pytest.fixture
def paths(tmp_path, weights_folder):
    return replace(Paths.find(tmp_path / "workspace"), weights=weights_folder)


@pytest.fixture
def recorded(store, make_estimator, shared_data):
    """A project with six recordings of one photo each, moved a little: 48 samples."""
    project = store.create_project("p")
    photos = sorted((shared_data / "hand_images" / "didi" / "fist").iterdir())[:6]
    with make_estimator() as hands:
        for photo in photos:
            frame = Frame(read_picture(photo), source=photo.name)
            estimate = hands.estimate_still(frame.rgb)
            sample = make_sample(frame, estimate.poses[0], estimate)
            record(store, project, [sample] * 8, "fist", "Ada", "test")
    return store, project.id


def test_samples_become_crops_with_every_fifth_recording_apart(recorded):
    store, project = recorded
    hands = list(read_project_hands(store, project))
    assert len(hands) == 48
    assert [hand.held_out for hand in hands].count("own") == 8
    for hand in hands[::8]:
        (x0, y0), (x1, y1) = hand.keypoints.min(0), hand.keypoints.max(0)
        side = hand.rgb.shape[0]
        # a stored crop is 1.8 times as wide as the hand, which lies in its middle
        assert max(x1 - x0, y1 - y0) == pytest.approx(side / 1.8, rel=0.02)
        assert np.allclose([(x0 + x1) / 2, (y0 + y1) / 2], side / 2, atol=2)


def test_too_few_samples_are_counted(store, paths):
    store.create_project("p")
    with pytest.raises(TrainingError, match=r"0 samples with a picture.*at least 40"):
        fine_tune_here(store, paths, "p", name="cpm.mine", minutes=1, progress=ignore_progress)


def test_a_project_about_others_has_nothing_for_a_net_of_hands(store, paths):
    store.create_project("Pairs", skeleton="hands_42")
    with pytest.raises(TrainingError, match="“Pairs” is about pairs of hands"):
        fine_tune_here(store, paths, "Pairs", name="cpm.mine", minutes=1, progress=ignore_progress)
    assert not paths.net_runs.exists() or not any(paths.net_runs.iterdir())


@pytest.mark.parametrize("name", ["mine", "cpm.", "cpm.../../x", LIGHT, "cpm.Ü"])
def test_a_name_that_could_be_a_path_is_refused(store, paths, name):
    with pytest.raises(TrainingError, match="no name for a net"):
        fine_tune_here(store, paths, "p", name=name, minutes=1, progress=ignore_progress)


def test_a_fine_tuned_net_can_be_chosen_and_keeps_its_keypoints(recorded, paths, shared_data):
    store, _ = recorded
    run, folder = fine_tune_here(
        store, paths, "p", name="cpm.mine", minutes=0.02, progress=ignore_progress
    )
    assert folder == paths.own_nets / "cpm.mine"
    assert run.status() == "done" and not (run.path / "pack").exists()
    about = json.loads((folder / "metadata.json").read_text())
    assert about["learnt_from"] == 40  # every fifth recording measures
    first = run.records("look")[0]["held_out"]["own"][-1]
    assert first["pck@0.1"] > 0.6  # what it knew before
    assert set(available_nets(paths)) == {LIGHT, "cpm.mine"}
    source = KeypointSource("cpm.mine")
    assert source.training_estimator(paths) == LIGHT
    photo = sorted((shared_data / "hand_images" / "didi" / "fist").iterdir())[0]
    with source.open(paths) as net:
        assert len(net.estimate_still(read_picture(photo)).heatmaps) == 1


def test_a_training_that_can_t_begin_says_why(store, paths):
    begun = start_fine_tuning(paths, "nobody's", "cpm.mine", 1)
    wait_until(lambda: not begun.is_starting, 90)
    assert "no project “nobody's”" in begun.failure
    assert begun.run is None and list_runs(paths.net_runs) == []


@pytest.mark.slow  # the first checkpoint comes after 15 s
def test_a_killed_training_is_told_at_once_and_what_it_had_learned_can_be_kept(recorded, paths):
    recorded[0].close()
    begun = start_fine_tuning(paths, "p", "cpm.mine", 1)
    wait_until(lambda: begun.run is not None and begun.run.records("look"), 90)
    run = begun.run
    wait_until(lambda: has_fine_tuning_checkpoint(run) or run.status() != "running", 90)
    os.kill(run.about()["pid"], signal.SIGKILL)
    killed = time.monotonic()
    wait_until(lambda: run.status() == "dead")
    assert time.monotonic() - killed < 1
    assert "Mudra was stopped" in describe_failure(run) and begun.failure == ""
    delete_packs(paths)
    save_last_checkpoint(paths, run)
    assert run.status() == "stopped" and describe_failure(run) == ""
    assert set(available_nets(paths)) == {LIGHT, "cpm.mine"}


def test_an_error_while_it_learns_is_in_the_log_with_its_reason(recorded, paths):
    store, _ = recorded
    lost = replace(paths, shipped_models=paths.workspace)  # no weights to begin with
    with pytest.raises(FileNotFoundError):
        fine_tune_here(store, lost, "p", name="cpm.x", minutes=1, progress=ignore_progress)
    [run] = list_runs(paths.net_runs)
    assert run.status() == "failed" and "something went wrong" in describe_failure(run)
    assert not has_fine_tuning_checkpoint(run) and not (run.path / "pack").exists()
    with pytest.raises(TrainingError, match="has no weights to keep"):
        save_last_checkpoint(paths, run)


def test_an_ended_training_is_deleted_and_its_net_stays(paths):
    run = Run.create(paths.net_runs, net="cpm.mine", project="p")
    (paths.own_nets / "cpm.mine").mkdir(parents=True)
    with pytest.raises(TrainingError, match="is running: stop it first"):
        delete_net_run(run)
    run.log(event="end", status="done")
    delete_net_run(run)
    assert list_runs(paths.net_runs) == [] and (paths.own_nets / "cpm.mine").is_dir()


def test_an_unknown_net_is_named_with_those_there_are(paths, tmp_path):
    with pytest.raises(EstimatorError, match=r"no estimator “cpm\.x”.*mediapipe-hands"):
        KeypointSource("cpm.x").open(paths)
    with pytest.raises(WeightsError, match="no net in"):
        KeypointSource(str(tmp_path)).open(paths)


@pytest.fixture
def short_folder():
    """Temporary files of the helper processes: torch's sockets lie there, whose whole path may have
    no more than 107 characters; else their batches are lost without a word."""
    with tempfile.TemporaryDirectory(prefix="m-") as folder:
        yield Path(folder)


@pytest.mark.slow
def test_two_processes_of_torchrun_train_one_net(tmp_path, short_folder, root):
    rng = np.random.default_rng(0)
    hands = [
        Hand(
            rng.integers(0, 256, (120, 160, 3), np.uint8),
            rng.uniform(30, 90, (21, 2)).astype(np.float32),
            f"source {i % 3}",
            "far" if i < 3 else "",
        )
        for i in range(20)
    ]
    data = tmp_path / "data"
    for part in ("hand_crops", "hand_images"):
        (data / part).mkdir(parents=True)
    write_pack(tmp_path / "packs" / hash_data_folder(data), hands)
    command = f"{sys.executable} -m torch.distributed.run --nproc_per_node 2 -m core train-net"
    options = f"--data {data} --minutes 0.1 --batch 4 --threads 1 --workspace {tmp_path} --json"
    done = subprocess.run(
        [*command.split(), LIGHT, *options.split()],
        cwd=root,
        env=os.environ | {"OMP_NUM_THREADS": "1", "TMPDIR": str(short_folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (run,) = list_runs(tmp_path / "net-runs")
    assert run.status() == "done"
    assert run.records("look")[-1]["step"] >= 2
    assert (run.path / "net" / "model.onnx").is_file()
    assert not list(short_folder.glob("mudra-*"))
