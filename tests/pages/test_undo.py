"""Undo stands where the act was done: at the top of the window, of every window its own acts."""

import pytest

from core.store.bin import delete_samples
from tests.pages.conftest import (
    ODD,
    go,
    press,
    record,
    run,
    undo_here,
    undo_offered,
    unfold,
    upload,
)


def count(store):
    return sum(row.samples for row in store.overview(store.projects()[0].id))


@pytest.fixture
def ids(app, store):
    made = record(store, "thumbs_up", 3)
    go(app, "record")
    return made


def delete(app, sample_id):
    app.button(key=f"delete_{sample_id}").click()
    return run(app)


def test_the_next_act_takes_the_place_of_the_one_before(app, ids, first, store):
    assert undo_offered(app) == ""
    delete(app, ids[0])
    assert undo_offered(go(app, "train")) == "Deleted 1 sample"  # on whatever page is opened next
    press(go(app, "record"), "Delete these 2")
    assert undo_offered(app) == "Deleted 2 samples"
    undo_here(app)
    assert count(store) == 2 and undo_offered(app) == ""
    assert len(store.list_history(first.id)) == 1


def test_two_windows_offer_each_its_own_act(app, ids, first, store, open_app):
    record(store, "thumbs_up", 3, seed=1)
    other = open_app("record")
    delete(app, ids[0])
    assert undo_offered(run(other)) == "" and undo_offered(app) == "Deleted 1 sample"
    press(other, "Delete these 5")
    assert undo_offered(run(app)) == "Deleted 1 sample"
    assert undo_offered(other) == "Deleted 5 samples"
    undo_here(app)
    assert {s.id for s in store.samples(first.id)} == {ids[0]}
    undo_here(other)
    assert count(store) == 6


def test_what_another_program_did_or_undid_and_an_old_act_are_not_offered(
    app, ids, first, store, monkeypatch
):
    delete_samples(store, first.id, ids[:1])
    assert undo_offered(run(app)) == ""
    delete(app, ids[1])
    store.undo(store.list_history(first.id)[0].id)
    assert undo_offered(run(app)) == "" and count(store) == 2
    delete(app, ids[1])
    monkeypatch.setattr("pages.panels.project.projects.SHOWN_S", 0.0)
    assert undo_offered(run(app)) == ""


def test_samples_come_back_to_their_project_which_is_opened(app, ids, first, store):
    other = store.create_project("Other")
    delete(app, ids[1])
    app.sidebar.selectbox[0].select("Other").run()
    undo_here(app)
    assert app.sidebar.selectbox[0].value == first.name
    assert len(store.samples(first.id)) == 3 and not store.samples(other.id)


def test_undo_says_why_a_sample_can_t_come_back(app, ids, first, store):
    hers = record(store, "thumbs_up", 2, person="ana")
    delete(run(app), hers[-1])
    store.delete_person(store.ensure_person(first.id, "ana").id)
    undo_here(app)
    assert "whose gesture or person is in the bin" in app.error[0].value
    assert len(store.samples(first.id)) == 3


def test_markup_in_the_name_of_what_was_deleted_stays_text(app, first, store):
    gesture = store.add_gesture(first.id, ODD)
    unfold(go(app, "gestures"), f"edit_{gesture.id}")
    delete(app, gesture.id)
    [bar] = [h.proto.body for h in app.get("html") if 'role="status"' in h.proto.body]
    assert "<i>" not in bar and undo_offered(app) == f"Deleted the gesture “{gesture.name}”"


@pytest.mark.usefixtures("weights_folder")
def test_an_imported_table_goes_with_its_gestures_and_persons(app, first, store, shared_data):
    table = shared_data / "hand_keypoints" / "gestures.csv"
    head, *rows = table.read_text(encoding="utf-8").splitlines()
    content = "\n".join([head, *rows[::400]]).encode()
    before = store.gestures(first.id)
    unfold(go(app, "export"), "export_tab", "🗂 Data")
    upload(app, ("some.csv", content), to="A table")
    app.button(key="add_data").click().run()
    n = len(rows[::400])
    assert count(store) == n and undo_offered(app) == f"Imported {n} samples from some.csv"
    undo_here(app)
    assert count(store) == 0 and store.persons(first.id) == []
    assert store.gestures(first.id) == before
