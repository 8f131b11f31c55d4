"""The gesture cards: what is pressed there, and what they show."""

import base64
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.admin.erasing import delete_project_pictures
from core.live.cards import (
    ENLARGED_SIZE,
    REREAD_S,
    START_CAMERA,
    THUMBNAILS,
    CardsSetup,
    GestureCards,
)
from core.live.live import Latest
from core.paths import Paths
from core.recording.plans import CONTINUOUS, HELD
from core.recording.recorder import Recorder
from core.store.bin import delete_samples
from tests.exchange.conftest import sample
from tests.pages.conftest import record
from tests.recording.conftest import hand, offer


class Video:
    """A camera that runs."""

    def latest(self):
        return Latest(frames=1)


@pytest.fixture
def project(store):
    return store.create_project("p")


@pytest.fixture
def recorder(store, project):
    recorder = Recorder(store, project.id, "me")
    yield recorder
    recorder.close()


@pytest.fixture
def cards(project, recorder):
    return GestureCards(project.id, CardsSetup(recorder, Video(), HELD))


def say(cards, kind, n=1, **more):
    cards.receive({"n": n, "kind": kind, **more})
    return cards.state()


def row(state, name):
    return next(card for card in state["cards"] if card["name"] == name)


def test_a_hold_begins_and_ends_a_recording_and_counts_as_one(cards, store, project):
    fist = row(cards.state(), "fist")["id"]
    state = say(cards, "begin", gesture=fist, held=0)
    assert state["recording"] == {
        "gesture": fist,
        "since": None,
        "short": "● 0 saved",
        "long": "● Recording",
    }
    assert (state["mode"], state["chosen"], state["recorded"]) == ("hold", fist, 0)
    assert say(cards, "beat", held=250)["recording"]
    state = say(cards, "end", held=300)
    assert (state["recording"], state["recorded"]) == (None, 1)
    assert state["note"] == "fist: 0 saved, 0 skipped"
    assert say(cards, "end", held=300)["recorded"] == 1  # once


def test_a_start_for_the_other_mode_is_ignored(cards, recorder):
    fist = row(cards.state(), "fist")["id"]
    assert say(cards, "start", gesture=fist)["recording"] is None
    cards.set_up(CardsSetup(recorder, Video(), CONTINUOUS), forget_problem=True)
    assert say(cards, "begin", gesture=fist, held=0)["recording"] is None
    assert say(cards, "start", gesture=fist)["recording"]["gesture"] == fist
    assert say(cards, "stop")["recording"] is None


def test_what_follows_a_recording_is_called_once_it_is_stored(cards, recorder):
    called = []
    setup = CardsSetup(recorder, Video(), HELD, on_recorded=lambda: called.append(1))
    cards.set_up(setup, forget_problem=True)
    fist = row(cards.state(), "fist")["id"]
    say(cards, "begin", gesture=fist, held=0)
    assert not called
    say(cards, "end", held=100)
    cards.state()
    assert called == [1]


def test_a_press_that_comes_when_the_camera_is_gone_is_answered(cards, recorder):
    cards.set_up(CardsSetup(recorder, None, HELD), forget_problem=True)
    fist = row(cards.state(), "fist")["id"]
    state = say(cards, "begin", 4, gesture=fist, held=0)
    assert (state["recording"], state["refused"], state["off"]) == (None, 4, START_CAMERA)
    assert state["problem"] == f"Nothing was recorded. {START_CAMERA}"
    assert say(cards, "beat", 5, held=1)["problem"]  # what no click said takes no error away
    assert not say(cards, "choose", 6, gesture=fist)["problem"]


def test_gestures_are_added_renamed_and_removed_and_each_edit_is_for_the_page(cards):
    state = say(cards, "add", name="peace", emoji="✌", moves=False)
    peace = row(state, "peace")
    assert (state["chosen"], state["edits"], peace["emoji"]) == (peace["id"], 1, "✌️")
    state = say(cards, "rename", 2, gesture=peace["id"], name="two", emoji="✌")
    assert row(state, "two")["id"] == peace["id"]
    state = say(cards, "add", 3, name="TWO", emoji="", moves=False)
    assert "taken" in state["problem"] and (state["refused"], state["edits"]) == (3, 2)
    state = say(cards, "remove", 4, gesture=peace["id"])
    assert "two" not in [card["name"] for card in state["cards"]]
    assert state["chosen"] == state["cards"][0]["id"]
    state = say(cards, "remove", 5, gesture=peace["id"])
    assert state["problem"].startswith("That gesture is gone")


def test_a_choice_is_for_the_page_only_where_it_shows_it(cards, recorder):
    fist = row(cards.state(), "fist")["id"]
    assert say(cards, "choose", gesture=fist)["edits"] == 0
    shows = CardsSetup(recorder, Video(), HELD, shows_choice=True)
    cards.set_up(shows, forget_problem=False)
    assert say(cards, "choose", 2, gesture=fist)["edits"] == 0  # it is shown
    other = row(cards.state(), "ok")["id"]
    assert say(cards, "choose", 3, gesture=other)["edits"] == 1
    assert cards.chosen().name == "ok"


def test_samples_are_counted_shown_and_deleted(cards, store, project):
    ids = record(store, "fist", 3)
    cards.set_up(replace(cards._setup), forget_problem=False)  # the page is drawn anew
    fist = row(cards.state(), "fist")
    assert (fist["samples"], fist["crops"]) == (3, ids[::-1])
    state = say(cards, "delete", sample=ids[2])
    assert row(state, "fist")["crops"] == [ids[1], ids[0]]
    delete_samples(store, project.id, [ids[0]])
    state = say(cards, "delete", 2, sample=ids[0])
    assert state["problem"] == "That sample was deleted already."


def test_what_another_window_changes_is_seen_soon(cards, store, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("core.live.cards.time.monotonic", lambda: now[0])
    assert row(cards.state(), "fist")["samples"] == 0
    record(store, "fist", 2)
    now[0] += REREAD_S / 2
    assert row(cards.state(), "fist")["samples"] == 0
    now[0] += REREAD_S
    assert row(cards.state(), "fist")["samples"] == 2


def test_only_the_pictures_that_the_page_lacks_are_sent(cards, store):
    ids = record(store, "fist", 3)
    assert cards.pictures() == {}
    say(cards, "pictures", ids=ids[:2])
    assert {*cards.pictures()} == {str(one) for one in ids[:2]}


def test_older_samples_are_shown_when_the_page_asks_for_more(cards, store):
    ids = record(store, "fist", 3 * THUMBNAILS)[::-1]
    fist = row(cards.state(), "fist")
    assert (fist["samples"], fist["crops"]) == (3 * THUMBNAILS, ids[:THUMBNAILS])
    state = say(cards, "more", gesture=fist["id"])
    assert row(state, "fist")["crops"] == ids[: 2 * THUMBNAILS]
    assert state["edits"] == 0
    assert row(say(cards, "more", 2, gesture=fist["id"]), "fist")["crops"] == ids


def test_one_sample_is_enlarged_until_it_is_closed_and_no_other_project_s(cards, store):
    [seen] = record(store, "ok", 1)
    say(cards, "enlarge", sample=seen)
    assert _pixels(cards.enlarged_picture()[str(seen)]).shape == (ENLARGED_SIZE, ENLARGED_SIZE, 3)
    say(cards, "enlarge", 2, sample=None)
    assert cards.enlarged_picture() == {}
    other = store.create_project("other")
    session = store.start_session(other.id, store.ensure_person(other.id, "Ada").id, "webcam")
    burst = store.start_recording(session, store.gestures(other.id)[0].id)
    [hers] = store.add_samples(burst, [sample(4)])
    say(cards, "enlarge", 3, sample=hers)
    say(cards, "pictures", 4, ids=[hers])
    assert cards.enlarged_picture() == cards.pictures() == {}


def test_a_card_shows_no_picture_that_was_forgotten(cards, store, project, workspace):
    [shown] = record(store, "ok", 1)
    session = store.start_session(project.id, store.ensure_person(project.id, "Ada").id, "webcam")
    burst = store.start_recording(session, store.gestures(project.id)[0].id)
    [seen] = store.add_samples(burst, [sample(4)])
    say(cards, "pictures", ids=[seen])
    before = _pixels(cards.pictures()[str(seen)])
    delete_project_pictures(store, Paths.find(workspace), project)
    say(cards, "pictures", ids=[seen, shown])
    after = _pixels(cards.pictures()[str(seen)])
    ground = np.median(after, axis=(0, 1))
    assert np.abs(ground - 40).max() <= 3  # keypoints on plain grey, as of one without a picture
    assert np.abs(after.astype(int) - before).mean() > 20


def _pixels(address):
    jpeg = base64.b64decode(address.removeprefix("data:image/jpeg;base64,"))
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def test_what_looks_different_after_a_hold_is_offered_deleted_at_once_and_undone(
    cards, recorder, store, project
):
    fist = row(cards.state(), "fist")["id"]
    say(cards, "begin", gesture=fist, held=0)
    at = time.monotonic() - 2
    for tenth in range(20):
        usual = hand(7.0 * tenth)
        turned = replace(usual, keypoints=usual.keypoints[:, ::-1].copy())
        offer(recorder, at + tenth / 10, turned if tenth in (4, 5) else usual)
    say(cards, "beat", 2, held=10_000)
    state = say(cards, "end", 3, held=10_000)
    found, total = state["different"]["ids"], state["different"]["total"]
    assert (len(found), total, state["different"]["gesture"]) == (2, 20, fist)
    state = say(cards, "delete_different", 4)
    assert (row(state, "fist")["samples"], state["different"], state["edits"]) == (18, None, 1)
    assert not {*found} & {sample.id for sample in store.samples(project.id)}
    store.undo(store.list_history(project.id)[0].id)
    assert len(store.samples(project.id)) == 20
    say(cards, "begin", 5, gesture=fist, held=0)
    assert say(cards, "end", 6, held=100)["different"] is None


def test_what_others_record_is_told_once_and_what_is_recorded_here_not_twice(
    cards, store, monkeypatch
):
    monkeypatch.setattr("core.live.cards.REREAD_S", 0.0)
    fist = row(cards.state(), "fist")["id"]
    assert [cards.state()["recorded"] for _ in range(2)] == [0, 0]
    ids = record(store, "fist", 3)
    assert [cards.state()["recorded"] for _ in range(2)] == [1, 1]
    assert row(cards.state(), "fist")["samples"] == 3
    state = say(cards, "delete", sample=ids[0])
    assert (state["recorded"], row(state, "fist")["samples"]) == (1, 2)
    say(cards, "begin", gesture=fist, held=0)
    assert say(cards, "end", held=300)["recorded"] == 2
