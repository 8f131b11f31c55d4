"""Training learns, repeats itself, stops, and saves what it measured."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from core.errors import ModelError, TrainingError
from core.gestures.classifier import learner
from core.gestures.classifier.augmentation import Augmentation, Symmetries, augment
from core.gestures.classifier.fitting import (
    InterruptedFitError,
    TrainOptions,
    fit_all,
    fit_mlp,
    predict_samples,
)
from core.gestures.classifier.learner import train
from core.gestures.data import CLASSIFIERS
from core.gestures.evaluation.protocol import Part, Protocol
from core.gestures.evaluation.validation import split_by_groups
from core.gestures.features import get_feature_set
from core.gestures.labels import DEFAULT_GESTURES, GestureLabel
from core.gestures.modelfile.export import save_preliminary
from core.gestures.modelfile.gesture_model import GestureModel
from core.paths import Paths
from core.training.background import ReplacedError, RunThread, Stop
from core.training.runs import Run
from tests.gestures.conftest import make_data
from tests.support.chance_labels import chance_accuracies, chance_accuracy, random_project

FEW = TrainOptions(epochs=6)
FEATURES = get_feature_set("hand_21")


@pytest.fixture
def run(tmp_path) -> Run:
    return Run.create(tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Run:
    """One finished training, since each takes seconds; for tests that only read it."""
    run = Run.create(tmp_path_factory.mktemp("trained"))
    train(make_data(persons=4), run, TrainOptions(epochs=4))
    return run


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_every_classifier_learns_hands_that_differ(hands, run, classifier):
    result = train(hands(persons=5), run, TrainOptions(classifier=classifier, epochs=6))
    assert result.accuracy >= 0.95 and result.protocol.split == "person"
    assert run.status() == "done"
    assert (result.model is not None) == (classifier == "mlp")


def test_random_labels_are_not_learned(run):
    reported, best_epoch = np.mean([*chance_accuracies(6, epochs=6)], axis=0)
    assert abs(reported - 0.5) < 0.04
    assert best_epoch > 0.55  # so much would be reported if held-out samples chose the epoch
    first, options = random_project(0), TrainOptions(epochs=6)
    assert train(first, run, options).accuracy == chance_accuracy(first, options)[0]


def test_held_out_labels_change_nothing_of_the_net(hands):
    data, truth = hands(persons=2, gestures=2), hands(persons=1, gestures=2, seed=1)
    wrong = replace(truth, labels=1 - truth.labels)
    nets = [
        fit_mlp(data, validation, FEW, lambda **_: None, Stop()) for validation in (truth, wrong)
    ]
    answers = [predict_samples(net, truth) for net, _ in nets]
    np.testing.assert_array_equal(*answers)


def test_the_saved_graph_is_features_and_net(hands, trained):
    data = hands()
    data.mirrored_view[::2] = True
    data.keypoints[5, 4] = np.nan
    model = GestureModel.load(trained.path)
    graph = onnx.load_model_from_string(model.onnx).graph
    weights = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}
    x = data.features()
    x = (x - weights["net.mean"]) / weights["net.spread"]
    for layer in range(3):
        x = x @ weights[f"net.layers.{layer}.weight"].T + weights[f"net.layers.{layer}.bias"]
        x = np.maximum(x, 0) if layer < 2 else x
    expected = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    answer = model.predict(data.keypoints, data.mirrored_view)[0]
    np.testing.assert_allclose(answer, expected, atol=1e-5)


def test_the_same_seed_gives_the_same_model_and_another_seed_does_not(hands, tmp_path):
    data, answers = hands(each=2), []
    for seed in (1, 1, 2):
        run = Run.create(tmp_path)
        train(data, run, TrainOptions(epochs=1, seed=seed))
        model = GestureModel.load(run.path)
        answers.append(model.predict(data.keypoints, data.mirrored_view)[0])
    np.testing.assert_array_equal(answers[0], answers[1])
    assert np.abs(answers[0] - answers[2]).max() > 1e-4


def test_metadata_says_where_the_figure_comes_from_and_the_log_has_every_epoch(trained):
    predicted = json.loads((trained.path / "metadata.json").read_text(encoding="utf-8"))
    assert predicted["split"] == "person" and predicted["refitted_on_all"] is True
    chosen = {"epochs": Part.FIXED, "threshold": Part.OTHER_FOLDS}
    assert Protocol.from_dict(predicted) == Protocol("person", chosen)
    assert predicted["optimistic"] is False and predicted["epochs"] == 4
    assert predicted["figures"] == trained.records("result")[0]["figures"]
    assert predicted["figures"]["n"] == 16  # one of four persons, 4 gestures × 4
    assert [g["emoji"] for g in predicted["gestures"]] == ["👍", "👎", "☝️", "👌"]
    assert predicted["samples"] == 4 * 16 and predicted["persons"] == 4
    assert predicted["estimator"] == "mediapipe-hands" and len(predicted["data_sha256"]) == 64
    assert predicted["options"]["seed"] == 0
    epochs = trained.records("epoch")
    assert [e["epoch"] for e in epochs] == [1, 2, 3, 4]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(epochs[0])


def test_stop_keeps_the_last_epoch_and_says_so(hands, tmp_path):
    run = Run.create(tmp_path)
    patient = TrainOptions(epochs=100_000, batch_size=8)
    thread = RunThread(run, lambda stop: train(hands(), run, patient, stop=stop))
    while len(run.records("epoch")) < 3:
        assert thread.alive
    thread.stop()
    thread.wait(60)
    assert run.status() == "stopped" and len(run.records("epoch")) < 100_000
    metadata = GestureModel.load(run.path).metadata
    assert metadata["refitted_on_all"] is False
    assert metadata["epochs"] == len(run.records("epoch"))
    # who stopped it saw the held-out curve
    assert Protocol.from_dict(metadata).chosen_on_reported == ["epochs"]
    assert metadata["optimistic"] is True


class StopWhen(Stop):
    """Set from the moment on at which something has happened."""

    def __init__(self, happened) -> None:
        super().__init__()
        self._happened = happened

    def is_set(self) -> bool:
        return super().is_set() or self._happened()


@pytest.mark.parametrize("later", [0, FEW.epochs + 2], ids=["refit", "rejection"])
def test_stop_in_the_refit_keeps_the_net_that_was_measured(hands, run, later):
    asked = []  # once after each epoch, first of the refit, then of learning to reject

    def happened() -> bool:
        asked.extend(run.records("refit"))
        return len(asked) > later

    data = hands(persons=4)
    train(data, run, FEW, stop=StopWhen(happened))
    assert run.status() == "stopped"
    stopped = GestureModel.load(run.path)
    assert stopped.metadata["refitted_on_all"] is False
    validation = data.take(split_by_groups(data, FEW.seed).validation)
    predicted = stopped.predict(validation.keypoints, validation.mirrored_view)[0].argmax(1)
    assert (predicted == validation.labels).mean() == stopped.metadata["figures"]["accuracy"]


def test_a_stop_that_comes_after_the_refit_stopped_nothing(hands, run):
    def happened() -> bool:
        return bool(run.records("usable")) and not GestureModel.load(run.path).about.preliminary

    train(hands(), run, FEW, stop=StopWhen(happened))
    assert GestureModel.load(run.path).metadata["refitted_on_all"] is True
    assert run.status() == "done"


# -------------------------------------------------------------------------- a model that is early


class Looking(Stop):
    """Is shown the run's model at the first step after it can be used."""

    def __init__(self, run: Run, look) -> None:
        super().__init__()
        self._run, self._look = run, look

    def check(self) -> None:
        if self._look is not None and self._run.records("usable"):
            look, self._look = self._look, None
            look(GestureModel.load(self._run.path))
        super().check()


def test_a_model_can_be_used_while_the_rest_is_learned_and_the_final_one_takes_its_place(
    hands, run
):
    data, early = hands(persons=4), []
    train(data, run, FEW, stop=Looking(run, early.append))
    [first], final = early, GestureModel.load(run.path)
    assert first.about.preliminary and not final.about.preliminary
    assert "figures" not in first.metadata and "rejection" not in first.metadata
    answers = first.predict(data.keypoints, data.mirrored_view)[0].argmax(1)
    assert (answers == data.labels).mean() > 0.9
    assert run.records("usable")[0]["time"] <= run.records("refit")[0]["time"]


def test_what_is_saved_early_changes_nothing_of_the_final_model(hands, tmp_path, monkeypatch):
    answers = []
    for soon_s in (0.0, 1000.0):  # after the first epoch; after all of them
        monkeypatch.setattr(learner, "_PRELIMINARY_AFTER_S", soon_s)
        run = Run.create(tmp_path)
        train(hands(each=2), run, FEW)
        model = GestureModel.load(run.path)
        answers.append(np.column_stack(model.predict(hands().keypoints, hands().mirrored_view)))
        events = [record["event"] for record in run.records()]
        assert events[: events.index("usable")].count("epoch") == (1 if soon_s == 0 else 6)
    np.testing.assert_array_equal(answers[0], answers[1])


@pytest.mark.parametrize("learned", ["epoch", "usable", "refit"])
def test_a_training_that_is_replaced_ends_within_a_step_and_keeps_at_most_its_early_model(
    hands, run, learned
):
    class Replacing(Stop):
        steps = 0  # after it was replaced

        def check(self) -> None:
            self.steps += self.replaced
            if run.records(learned):
                self.replace()
            super().check()

    stop = Replacing()
    with pytest.raises(ReplacedError):
        train(hands(persons=4), run, FEW, stop=stop)
    assert run.status() == "replaced" and stop.steps == 0
    assert not run.records("result")
    if learned == "epoch":
        assert not list(run.path.glob("*.onnx"))
    else:
        assert GestureModel.load(run.path).about.preliminary


def test_who_reads_while_a_model_is_replaced_gets_the_one_or_the_other_whole(hands, tmp_path):
    folder, over, seen = tmp_path / "model", Stop(), Counter()
    models = [(fit_all(data, FEW, 1), data) for data in (hands(gestures=3), hands(gestures=4))]
    save_preliminary(*models[0], folder)

    def read() -> None:
        while not over.is_set():
            model = GestureModel.load(folder)
            points = np.zeros((1, 21, 2), np.float32)
            answers = model.predict(points, np.zeros(1, bool))[0]
            seen[answers.shape[1] == len(model.gestures)] += 1

    with ThreadPoolExecutor() as pool:
        reader = pool.submit(read)
        for number in range(20):
            save_preliminary(*models[number % 2], folder)
        over.set()
        reader.result()
    assert seen[True] > 0 and not seen[False]


def test_a_graph_of_other_metadata_is_refused(trained, tmp_path):
    folder = Path(shutil.copytree(trained.path, tmp_path / "mixed"))
    shutil.copy(Paths.starter / "model.onnx", folder)
    with pytest.raises(ModelError, match="has the sha256"):
        GestureModel.load(folder)


@pytest.mark.parametrize(
    ("labels", "options", "reason"),
    [
        ([0], TrainOptions(), "at least 2 are needed: record another gesture"),
        ([0, 1], TrainOptions(learning_rate=1e30), "the loss became nan"),
        ([0, 1], TrainOptions(classifier="svm"), "svm"),
    ],
)
def test_what_cannot_be_learned_fails_in_the_log_too(hands, run, labels, options, reason):
    data = hands()
    with pytest.raises(TrainingError, match=reason):
        train(data.take(np.isin(data.labels, labels)), run, options)
    assert run.status() == "failed"
    assert reason in run.records("end")[0]["message"]


def test_a_training_that_diverges_later_keeps_the_last_epoch_before(hands, run):
    data = hands(persons=4)
    with pytest.raises(TrainingError, match=r"nan in epoch \d+: stopped; the last good"):
        train(data, run, TrainOptions(learning_rate=300))
    assert run.status() == "failed"
    [end], [result] = run.records("end"), run.records("result")
    assert "the last good epoch was saved" in end["message"] and result["figures"]["n"] > 0
    assert run.records("epoch") and not run.records("refit")
    predicted = GestureModel.load(run.path).predict(data.keypoints, data.mirrored_view)[0]
    assert np.isfinite(predicted).all()


def test_a_log_that_can_t_be_written_any_more_breaks_a_fit_off_with_its_last_net(hands):

    def log(**record):
        if record["epoch"] == 4:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(InterruptedFitError, match="the disk is full") as broken:
        fit_mlp(hands(persons=4), hands(persons=2), TrainOptions(), log, Stop())
    assert broken.value.epochs == 3


def test_gestures_without_samples_are_no_classes(hands):
    data = hands(gestures=4)
    kept = data.take(data.labels != 1).drop_empty_gestures()
    assert [g.name for g in kept.gestures] == ["thumbs_up", "point_up", "ok"]
    assert set(kept.labels) == {0, 1, 2}


# ----------------------------------------------------------------------------------- augmentation


def changed(how: Augmentation, labels: list[int], gestures=DEFAULT_GESTURES, missing=()):
    generator = torch.Generator().manual_seed(0)
    hands = torch.randn(len(labels), 21, 2, generator=generator)
    hands[:, missing] = torch.nan
    return hands, *augment(
        hands, torch.tensor(labels), how, Symmetries.from_gestures(gestures), generator, FEATURES
    )


def test_mirroring_swaps_right_and_left_and_no_gesture_of_ones_own():
    gestures = (*DEFAULT_GESTURES, GestureLabel("wave"))
    before, after, labels = changed(Augmentation(mirror=1.0), [0, 5, 6, 9], gestures)
    assert labels.tolist() == [0, 6, 5, 9]
    flip = torch.tensor([-1.0, 1.0])
    torch.testing.assert_close(after[:3], before[:3] * flip)
    torch.testing.assert_close(after[3], before[3])
    before, after, labels = changed(Augmentation(mirror=1.0), [0], DEFAULT_GESTURES[5:6])
    torch.testing.assert_close(after, before)  # its mirror image is none of the gestures
    assert labels.tolist() == [0]


def test_rotation_keeps_lengths_and_stays_in_its_range():
    before, after, _ = changed(Augmentation(rotation_deg=20), [0] * 500)
    torch.testing.assert_close(after.norm(dim=2), before.norm(dim=2), atol=1e-4, rtol=1e-4)
    cos = (after * before).sum(2) / before.norm(dim=2) ** 2
    assert 0.939 < cos.min() < 0.945  # cos 20° = 0.9397


def test_only_gestures_without_a_direction_are_turned():
    labels = [0, 3, 4, 7, 8] * 40  # thumbs_up, ok, fist, open_palm, none
    before, after, predicted = changed(Augmentation(turn=1.0), labels)
    assert predicted.tolist() == labels
    torch.testing.assert_close(after.norm(dim=2), before.norm(dim=2), atol=1e-4, rtol=1e-4)
    moved = (after - before).abs().amax((1, 2)) > 0.05
    directed = torch.tensor([label in (0, 8) for label in labels])
    assert not moved[directed].any() and moved[~directed].float().mean() > 0.95


def where_the_index_points(hands: torch.Tensor) -> torch.Tensor:
    """Degrees clockwise from up."""
    finger = hands[:, 8] - hands[:, 5]
    return torch.rad2deg(torch.atan2(finger[:, 0], -finger[:, 1]))


def test_an_aimed_hand_is_named_by_where_its_index_finger_points():
    labels = [2, 5, 6] * 200  # point_up, point_right, point_left
    before, after, predicted = changed(Augmentation(aim=1.0), labels)
    way = where_the_index_points(after)
    assert way[predicted == 2].abs().max() <= 40.01
    assert way[predicted == 5].min() >= 49.99 and way[predicted == 5].max() <= 110.01
    assert way[predicted == 6].min() >= -110.01 and way[predicted == 6].max() <= -49.99
    assert min(torch.bincount(predicted)[[2, 5, 6]]) > 150  # each as often, whatever they were
    torch.testing.assert_close(after.norm(dim=2), before.norm(dim=2), atol=1e-4, rtol=1e-4)


def test_what_does_not_point_is_not_aimed_nor_named_what_the_project_lacks():
    labels = [0, 2, 4] * 100
    before, after, predicted = changed(Augmentation(aim=1.0), labels, DEFAULT_GESTURES[:5])
    assert predicted.tolist() == labels  # of the three directions there is ☝ alone
    others = torch.tensor(labels) != 2
    torch.testing.assert_close(after[others], before[others])


def test_a_pointing_hand_without_its_index_finger_s_tip_is_left_as_it_is():
    before, after, predicted = changed(Augmentation(aim=1.0), [2] * 50, missing=8)
    torch.testing.assert_close(after, before, equal_nan=True)
    assert predicted.tolist() == [2] * 50


def test_dropped_keypoints_are_missing_and_never_the_wrist():
    _, after, _ = changed(Augmentation(dropout=0.3), [0] * 600)
    missing = after.isnan().any(2)
    assert not missing[:, 0].any()
    assert 0.08 < float(missing[:, 1:].float().mean()) < 0.12  # 0.3 in a third of the samples


# ------------------------------------------------------------------------------ the saved model


def test_a_model_in_use_leaves_no_trace_of_telemetry(trained, tmp_path):
    code = (
        "import sys, numpy as np; from pathlib import Path;"
        "from core.gestures.modelfile.gesture_model import GestureModel;"
        "GestureModel.load(Path(sys.argv[1])).predict("
        "np.zeros((1, 21, 2), np.float32), np.zeros(1, bool))[0]"
    )
    noisy = ("CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    quiet = {key: value for key, value in os.environ.items() if key not in noisy}
    environment = {**quiet, "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code, str(trained.path)], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []


def test_a_saved_model_names_no_path_of_the_machine_it_was_made_on(trained):
    for folder in (trained.path, Paths.starter):
        content = (folder / "model.onnx").read_bytes()
        assert b"stack_trace" not in content and b".py" not in content


@pytest.mark.parametrize("name", ["keypoints", "rejection"])
def test_a_graph_with_another_input_or_output_is_refused(tmp_path, name):
    folder = Path(shutil.copytree(Paths.starter, tmp_path / "copy"))
    model = onnx.load(folder / "model.onnx")
    for value in (*model.graph.input, *model.graph.output):
        value.name = value.name.replace(name, "surprise")
    for node in model.graph.node:
        node.input[:] = [one.replace(name, "surprise") for one in node.input]
        node.output[:] = [one.replace(name, "surprise") for one in node.output]
    onnx.save(model, folder / "model.onnx")
    with pytest.raises(ModelError, match="surprise"):
        GestureModel.load(folder).predict(np.zeros((1, 21, 2), np.float32), np.zeros(1, bool))
