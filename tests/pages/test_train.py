"""What the Train page says about how far a result can be trusted."""

import json
import shutil
from contextlib import closing

import pytest

from core.gestures.evaluation.intervals import wilson_interval
from core.gestures.evaluation.validation import read_predictions
from core.gestures.evaluation.verdict import judge_training
from core.gestures.labels import safe_label
from core.jobs.evaluations import COMPARISON, LEFT_OUT, find_leave_one_out
from core.jobs.trainings import TrainingManager
from core.jobs.verdicts import find_remaining_wrong
from core.paths import Paths
from core.store import Project, Store
from core.store.bin import delete_samples
from core.training.runs import Run
from tests.conftest import wait_until
from tests.pages.conftest import go, labelled, live_cards, plain, press, tables, texts, unfold


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
    """open_train(): another window with the project's Train page, its Details opened."""
    return lambda: unfold(open_app("train", "People"), "train_details")


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
    assert "easy" not in said
    assert "Epochs fixed beforehand; threshold chosen" in said
    correct = round(figures["accuracy"] * figures["n"])
    counted = f"{correct} of {figures['n']} recognised"
    assert counted in labelled(app.selectbox, "Trainings").options[0]
    gestures = table_with(app, "Held out")
    assert [interval.count("–") for interval in gestures["95 % interval"]] == [1, 1, 1]
    shown = {m.label: m.value for m in app.metric}
    assert shown["Your gestures recognised"] == f"{figures['rejection']['true_accept']:.1%}"
    assert shown["Other hands wrongly accepted"] == f"{figures['rejection']['false_accept']:.1%}"
    rates = figures["rejection"]
    assert (
        f"Tested with {rates['gestures']} samples of gestures and {rates['foreign']} made" in said
    )


@pytest.mark.parametrize(
    ("logged", "instead", "said"),
    [
        ('"split": "person"', '"split": "tail"', "This test is too easy"),
        ('"split": "person"', '"split": "tail"', "Record each gesture again"),
        # a training of before
        ('"protocol"', '"other"', "The test samples chose the epochs, too"),
    ],
)
def test_what_makes_a_test_easy_is_said(open_train, run, logged, instead, said):
    change_log(run, (logged, instead))
    assert said in plain(texts(open_train()))


def change_log(run, *replacements):
    log = run.path / "log.jsonl"
    text = log.read_text()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    log.write_text(text)


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
    assert "the MLP" in texts(app)


def test_a_cell_shows_its_samples_and_opens_them_in_review(app, run, store):
    rows = read_predictions(run.path).query("target == predicted == 'fist'")
    assert len(rows), "fists were held out and known"
    gestures = [g["name"] for g in run.records("result")[0]["gestures"]]
    cell = labelled(app.selectbox, "Samples of (shown")
    fist = gestures.index("fist")
    assert f"👊 fist → 👊 fist · {len(rows)}" in cell.options
    before = len(app.get("image"))
    cell.set_value((fist, fist)).run()
    assert len(app.get("image")) == before + min(8, len(rows))
    press(app, f"Open all {len(rows)} in Review")
    assert app.session_state[f"review_ids_{store.project('People').id}"] == [
        p.sample_id for p in sorted(rows.itertuples(), key=lambda p: -p.probability)
    ]
    assert app.title[0].value == "Review"


def verdict_of(app):
    [said] = [m.value for m in app.markdown if "test samples recognised" in str(m.value)]
    return plain(said)


@pytest.fixture
def answer(run):
    """answer(confusion, independent, split): the training's held-out answers become these."""

    def change(confusion, independent=100.0, split="person"):
        rows = run.records()
        [result] = [row for row in rows if row["event"] == "result"]
        n = sum(map(sum, confusion))
        accuracy = sum(row[i] for i, row in enumerate(confusion)) / n
        figures = {"n": n, "accuracy": accuracy, "confusion": confusion}
        figures |= {"effective_n": independent}
        figures["interval"] = wilson_interval(accuracy * independent, independent)
        result["figures"] |= figures
        result["split"] = result["protocol"]["split"] = split
        (run.path / "log.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    return change


GOOD, MIXED = [[20, 0, 0], [0, 20, 0], [0, 0, 20]], [[12, 8, 0], [0, 20, 0], [0, 0, 20]]


@pytest.mark.parametrize("page", ["studio", "train", "live"])
def test_the_verdict_is_one_sentence_with_one_next_step_on_each_page(
    open_app, manager, people, run, answer, page
):
    answer(MIXED)
    app = open_app(page, "People")
    assert "Mixes up 👍 thumbs_up and 👊 fist" in verdict_of(app)
    assert "52 of 60 test samples recognised." in verdict_of(app)
    wrong = [row.id for row in wrong_of(manager, people, run)]
    assert len(app.get("image")) == min(6, len(wrong)) > 0
    said = texts(app)
    assert not any(word in said for word in ("interval", "split", "held out", "%", "optimistic"))
    press(app, f"Look at these {len(wrong)} samples")
    assert app.title[0].value == "Review"
    assert app.session_state[f"review_ids_{people.id}"] == wrong


def wrong_of(manager, people, run):
    return find_remaining_wrong(
        manager.store, people, run, judge_training(run.records("result")[0])
    )


def test_once_the_wrong_samples_are_deleted_more_is_to_be_recorded(
    open_app, manager, people, run, answer
):
    answer(MIXED)
    wrong = [row.id for row in wrong_of(manager, people, run)]
    delete_samples(manager.store, people.id, wrong)
    app = open_app("train", "People")
    assert not app.get("image") and "Look at" not in str([b.label for b in app.button])
    press(app, safe_label("Record more of 👍 thumbs_up"))
    assert app.title[0].value == "Record"
    assert live_cards(app, people).chosen().name == "thumbs_up"


def test_the_first_training_is_to_be_tried_and_none_recorded(open_app, people, answer):
    answer(GOOD, 30.0, "tail")
    app = open_app("train", "People")
    assert "It works, try it" in verdict_of(app)
    assert "For a fair test, record each gesture again" in verdict_of(app)
    assert "Other hands may be taken for your gestures: record 🚫 none, too." in texts(app)
    press(app, "Try it live")
    assert app.title[0].value == "Live"
    press(go(app, "live"), "Record 🚫 none")
    assert app.title[0].value == "Record" and live_cards(app, people).chosen().name == "none"


def test_the_second_training_of_the_same_recordings_is_not_to_be_trusted(open_app, run, answer):
    answer(GOOD, 30.0, "tail")
    shutil.copytree(run.path, run.path.with_name(f"{run.path.name}-again"))
    app = open_app("train", "People")
    assert "Too few to trust" in verdict_of(app) and "too easy" in verdict_of(app)
    assert labelled(app.button, safe_label("Record more of 👍 thumbs_up"))


def test_a_low_number_is_never_called_easy_or_optimistic(open_train, answer):
    answer([[4, 4, 0], [0, 1, 2], [2, 1, 0]], 2.0, "tail")
    app = open_train()
    said = texts(app)
    assert "The end of your recordings looks different" in verdict_of(app)
    assert "easy" not in said and "optimistic" not in said


def test_many_samples_are_given_in_percent_and_none_is_asked_for(open_app, run, answer):
    answer([[60, 0, 0], [1, 59, 0], [0, 0, 60]])
    shutil.copytree(run.path, run.path.with_name(f"{run.path.name}-again"))
    app = open_app("live", "People")
    assert "Works well" in verdict_of(app)
    assert "99 % of 180 test samples recognised" in verdict_of(app)
    assert labelled(app.selectbox, "Model").options[0].endswith("(99 % of 180)")
    assert labelled(app.button, "Record 🚫 none")
