"""Persons left out and classifiers compared, on real recorders' keypoints, as pages and command
line see it."""

import json
import time

import pytest

from core.errors import TrainingError
from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.evaluations import (
    COMPARISON,
    LEFT_OUT,
    SUMMARY,
    describe_comparison,
    find_comparison,
    find_leave_one_out,
    is_running,
    read_evaluation_progress,
    start_comparison,
    start_leave_one_out,
    wait_for_evaluation,
)
from core.jobs.trainings import TrainingManager, run_result
from core.progress import ignore_progress
from core.store.bin import delete_samples
from core.training.runs import Run
from tests.conftest import PEOPLE


@pytest.fixture
def people(store):
    return store.project("People")


@pytest.fixture
def trained(manager, people) -> Run:
    return manager.runs(people)[0]


def test_each_person_is_left_out_and_the_model_s_metadata_remember_it(manager, people, trained):
    run = start_leave_one_out(manager, people, trained)
    seen = []
    found = wait_for_evaluation(manager, run, lambda *done: seen.append(done))
    assert list(found["per_person"]) == sorted(PEOPLE) and found["n"] == 225
    assert {f["n"] for f in found["per_person"].values()} == {75}
    assert found["worst_accuracy"] == min(f["accuracy"] for f in found["per_person"].values())
    low, high = found["interval"]
    assert low <= found["mean_accuracy"] <= high and found["mean_accuracy"] > 0.8
    assert [r["person"] for r in run.records("person")] == sorted(PEOPLE)
    assert seen[-1] == (3, 3) and read_evaluation_progress(run) == (3, 3, "")
    metadata = json.loads((trained.path / "metadata.json").read_text(encoding="utf-8"))
    assert metadata[SUMMARY] == found
    assert found["protocol"]["chosen"] == {"epochs": "fixed"} and found["optimistic"] is False
    assert GestureModel.load(trained.path).metadata[SUMMARY] == found
    assert find_leave_one_out(manager, people, trained) == run


def test_epochs_that_held_out_persons_chose_make_leaving_them_out_optimistic(
    manager, people, trained
):
    path = trained.path / "metadata.json"
    metadata = json.loads(path.read_text(encoding="utf-8"))
    before = {"best_epoch": metadata.pop("epochs")}  # as trainings used to say it
    del metadata["protocol"]
    path.write_text(json.dumps(metadata | before), encoding="utf-8")
    found = wait_for_evaluation(
        manager, start_leave_one_out(manager, people, trained), ignore_progress
    )
    assert found["epochs"] == before["best_epoch"] and found["optimistic"] is True


def test_a_reloaded_page_and_another_process_see_how_far_it_is(
    manager, store, paths, people, trained
):
    run = start_leave_one_out(manager, people, trained)
    elsewhere = TrainingManager(store, paths)  # knows nothing but the folders
    seen = elsewhere.find_running(people)
    assert seen == run and is_running(seen, LEFT_OUT) and not is_running(seen, COMPARISON)
    assert not elsewhere.can_stop(seen) and manager.can_stop(seen)
    with pytest.raises(TrainingError, match="already"):
        start_comparison(elsewhere, people)
    with pytest.raises(TrainingError, match="already"):
        elsewhere.start_training(people)
    while run.status() == "running":
        done, total, person = read_evaluation_progress(seen)
        assert total == 3 and (person == "") == (done == 3)
        time.sleep(0.01)
    assert find_leave_one_out(elsewhere, people, trained) == run
    assert [r.name for r in elsewhere.runs(people)] == [trained.name]  # no training of its own


def test_stopped_early_it_says_nothing_about_all(manager, people, trained):
    run = start_leave_one_out(manager, people, trained)
    manager.stop(run)
    with pytest.raises(TrainingError, match="run it again"):
        wait_for_evaluation(manager, run, ignore_progress)
    assert run.status() == "stopped" and find_leave_one_out(manager, people, trained) is None
    assert SUMMARY not in GestureModel.load(trained.path).metadata


def test_samples_that_changed_since_the_training_are_refused(manager, store, people, trained):
    delete_samples(store, people.id, [store.samples(people.id, limit=1)[0].id])
    with pytest.raises(TrainingError, match="changed since this training: train again"):
        start_leave_one_out(manager, people, trained)


def test_one_person_alone_is_told_what_to_do(manager, store, people, trained):
    for person in store.persons(people.id)[1:]:
        store.delete_person(person.id)
    with pytest.raises(TrainingError, match=r"all samples are of Anna.*let another person"):
        start_leave_one_out(manager, people, trained)


def test_classifiers_are_compared_in_one_table(manager, people):
    assert find_comparison(manager, people) is None
    found = wait_for_evaluation(
        manager, run := start_comparison(manager, people, seed=1), ignore_progress
    )
    assert [row["classifier"] for row in found["rows"]] == ["mlp", "knn", "logreg", "forest"]
    assert found["split"] == "person" and found["n"] == 75
    assert len(run.records("classifier")) == 4 and run.status() == "done"
    assert find_comparison(manager, people) == run and len(manager.runs(people)) == 1
    assert run_result(run)["rows"] == found["rows"] and describe_comparison(found)


def row(name: str, low: float, high: float) -> dict:
    return {"classifier": name, "difference": 0.0, "difference_interval": [low, high]}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row("knn", 0.01, 0.2), row("forest", -0.1, 0.1)], "k-NN did better than the MLP"),
        (
            [row("knn", -0.2, -0.1), row("logreg", -0.3, -0.1), row("forest", -0.3, -0.1)],
            "the MLP did better than k-NN, Logistic regression and Random forest.",
        ),
        (
            [row("knn", -0.2, -0.1), row("forest", -0.1, 0.1)],
            "better than k-NN; with Random forest it is too close to call.",
        ),
        (
            [row("knn", -0.1, 0.1), row("forest", -0.1, 0)],
            "No classifier differs clearly from the MLP",
        ),
    ],
)
def test_one_plain_sentence_says_which_to_take(rows, said):
    assert said in describe_comparison({"rows": [{"classifier": "mlp"}, *rows]})
