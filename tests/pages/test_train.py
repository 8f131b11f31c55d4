"""What the Train page says about how far a result can be trusted."""

import shutil
from contextlib import closing

import pytest

from core.gestures.evaluation.validation import read_predictions
from core.jobs.evaluations import COMPARISON, LEFT_OUT, find_leave_one_out
from core.jobs.trainings import TrainingManager
from core.paths import Paths
from core.store import Project, Store
from core.training.runs import Run
from tests.conftest import wait_until
from tests.pages.conftest import labelled, plain, press, tables, texts


@pytest.fixture
def paths(trained_people, workspace):
    shutil.copytree(trained_people, workspace, dirs_exist_ok=True)
    return Paths.find(workspace)


@pytest.fixture
def store(paths):
    with closing(Store(paths.database)) as store:
        yield store


@pytest.fixture
def manager(paths, store):
    """What another process knows: the folders."""
    return TrainingManager(store, paths)


@pytest.fixture
def people(store) -> Project:
    return store.project("People")


@pytest.fixture
def run(manager, people) -> Run:
    return manager.runs(people)[0]


@pytest.fixture
def open_train(paths, open_app):
    """open_train(): another window with the project's Train page."""
    return lambda: open_app("train", "People")


@pytest.fixture
def app(open_train):
    app = open_train()
    assert not app.error
    return app


def wait_until_measured(app, manager, people):
    wait_until(lambda: manager.find_running(people) is None, 60)
    app.run()
    assert not app.exception and not app.error
    return app


def table_with(app, column):
    return next(table for table in tables(app) if column in table)


def test_every_accuracy_has_its_interval_and_the_split_is_named(app, run):
    figures = run.records("result")[0]["figures"]
    assert [m.label for m in app.metric][:2] == ["Accuracy", "95 % interval"]
    assert app.metric[0].value == f"{figures['accuracy']:.1%}"
    low, high = figures["interval"]
    assert app.metric[1].value == f"{low:.1%} – {high:.1%}"
    said = texts(app)
    assert "other people than those it was trained on" in said and "(person split)" in said
    assert "optimistic" not in said
    assert "Epochs fixed beforehand; threshold chosen" in said
    assert f"({low:.1%} – {high:.1%})" in labelled(app.selectbox, "Trainings").options[0]
    gestures = table_with(app, "Held out")
    assert [interval.count("–") for interval in gestures["95 % interval"]] == [1, 1, 1]
    shown = {m.label: m.value for m in app.metric}
    assert shown["Your gestures recognised"] == f"{figures['rejection']['true_accept']:.1%}"
    assert shown["Other hands wrongly accepted"] == f"{figures['rejection']['false_accept']:.1%}"
    assert f"Measured on {figures['rejection']['gestures']} gesture samples" in said


@pytest.mark.parametrize(
    ("logged", "instead", "said"),
    [
        ('"split": "person"', '"split": "tail"', "very optimistic"),
        ('"split": "person"', '"split": "tail"', "Record every gesture at least twice"),
        # a training of before
        ('"protocol"', '"other"', "optimistic: the samples it is reported on chose the epochs"),
    ],
)
def test_what_makes_a_number_optimistic_is_said(open_train, run, logged, instead, said):
    log = run.path / "log.jsonl"
    assert logged in log.read_text()
    log.write_text(log.read_text().replace(logged, instead))
    assert said in plain(texts(open_train()))


def test_each_person_is_left_out_and_the_worst_named_also_after_a_reload(
    app, open_train, manager, people, run
):
    press(app, "Test on new people (leave one person out)")
    again = open_train()  # a reload, while it may still be at work
    wait_until_measured(again, manager, people)
    found = find_leave_one_out(manager, people, run).records("result")[0]
    shown = {m.label: m.value for m in again.metric}
    assert shown["A new person"] == f"{found['mean_accuracy']:.1%}"
    assert shown["The worst person"] == f"{found['worst_accuracy']:.1%}"
    persons = table_with(again, "Person")["Person"]
    assert sorted(persons) == ["Anna", "Ben", "Carla *x*"]
    assert persons[0] == found["worst_person"]
    assert labelled(again.button, "Test on new people again")


def test_while_one_is_left_out_nothing_else_can_be_begun(paths, run, open_train):
    about = {"kind": LEFT_OUT, "of": run.name, "persons": ["Anna", "Ben", "Carla *x*"]}
    held = Run.create(paths.runs, project="People", **about)
    held.log(event="person", person="Anna", n=75, accuracy=1.0)
    app = open_train()
    labels = ("Train", "Testing on new people …", "Compare classifiers")
    assert all(labelled(app.button, label).disabled for label in labels)
    assert "Accuracy" in [m.label for m in app.metric]  # the result stays in sight
    progress = app.get("progress")[0].proto
    assert progress.value == 33 and "1 of 3 · learning from all but Ben" in progress.text
    held.log(event="end", status="failed", message="the disk is full")
    app.run()
    assert "the disk is full" in texts(app)


def test_one_person_alone_is_told_when_others_can_be_left_out(open_train, people, store):
    for person in store.persons(people.id)[1:]:
        store.delete_person(person.id)
    app = open_train()
    assert "Let a second person record the same gestures" in texts(app)
    assert "Test on new people (leave one person out)" not in [b.label for b in app.button]


def test_classifiers_are_compared_with_one_click(app, manager, people):
    press(app, "Compare classifiers")
    wait_until_measured(app, manager, people)
    rows = manager.runs(people, COMPARISON)[0].records("result")[0]["rows"]
    table = table_with(app, "Classifier")
    assert table["Classifier"] == ["MLP", "k-NN", "Logistic regression", "Random forest"]
    assert table["Accuracy"] == [f"{row['accuracy']:.1%}" for row in rows]
    assert table["Difference from MLP"][0] == "–" and "points" in table["Difference from MLP"][1]
    assert "On these samples" in texts(app)


def test_a_cell_shows_its_samples_and_opens_them_in_review(app, run, store):
    rows = read_predictions(run.path).query("target == predicted == 'fist'")
    assert len(rows), "fists were held out and known"
    gestures = [g["name"] for g in run.records("result")[0]["gestures"]]
    cell = labelled(app.selectbox, "Samples of (shown")
    fist = gestures.index("fist")
    assert f"👊 fist → 👊 fist · {len(rows)}" in cell.options
    cell.set_value((fist, fist)).run()
    assert len(app.get("image")) == min(8, len(rows))
    press(app, f"Open all {len(rows)} in Review")
    assert app.session_state[f"review_ids_{store.project('People').id}"] == [
        p.sample_id for p in sorted(rows.itertuples(), key=lambda p: -p.probability)
    ]
    assert app.title[0].value == "Review"
