"""Undo stands where the act was done: at the bottom of the window, of every window its own acts."""

import pytest
from streamlit.testing.v1 import AppTest

from core.store.bin import delete_samples
from core.store.curation import list_sessions
from tests.pages.conftest import ODD, go, press, record, texts, undo_here, undo_offered, unfold


def project_of(store):
    return store.projects()[0]


def count(store):
    return sum(row.samples for row in store.overview(project_of(store).id))


def key(found, name):
    return next(w for w in found if w.key == name)


def gesture_id(store, name):
    return next(g.id for g in store.gestures(project_of(store).id) if g.name == name)


def test_nothing_is_offered_before_anything_was_done(app, store):
    for page in ("studio", "record", "gestures", "review", "train", "live", "files", "export"):
        assert undo_offered(go(app, page)) == ""


def test_the_next_act_takes_the_place_of_the_one_before(app, store):
    ids = record(store, "thumbs_up", 3)
    go(app, "record")
    app.button(key=f"delete_{ids[0]}").click().run()
    press(app, "Delete these 2")
    assert undo_offered(app) == "Deleted 2 samples"
    undo_here(app)
    assert count(store) == 2 and undo_offered(app) == ""
    assert len(store.list_history(project_of(store).id)) == 1


def test_an_act_is_offered_on_whatever_page_is_opened_next(app, store):
    ids = record(store, "thumbs_up", 2)
    go(app, "record")
    app.button(key=f"delete_{ids[0]}").click().run()
    assert undo_offered(go(app, "train")) == "Deleted 1 sample"
    undo_here(app)
    assert count(store) == 2


def test_two_windows_offer_each_its_own_act(app, store):
    mine, yours = record(store, "thumbs_up", 4)[:2], record(store, "thumbs_up", 2, seed=1)
    other = AppTest.from_file("../../app.py", default_timeout=60).run()
    go(app, "record")
    go(other, "record")
    app.button(key=f"delete_{mine[0]}").click().run()
    other.run()
    assert undo_offered(other) == "" and undo_offered(app) == "Deleted 1 sample"
    press(other, "Delete these 5")
    app.run()
    assert (undo_offered(app), undo_offered(other)) == ("Deleted 1 sample", "Deleted 5 samples")
    undo_here(app)
    assert {s.id for s in store.samples(project_of(store).id)} == {mine[0]}
    undo_here(other)
    assert count(store) == 6 and yours


def test_what_another_program_did_is_not_offered_as_one_s_own(app, store):
    ids = record(store, "thumbs_up", 3)
    go(app, "record")
    delete_samples(store, project_of(store).id, ids[:1])
    app.run()
    assert undo_offered(app) == ""


def test_what_was_undone_elsewhere_is_not_offered_any_more(app, store):
    ids = record(store, "thumbs_up", 3)
    go(app, "record")
    app.button(key=f"delete_{ids[0]}").click().run()
    store.undo(store.list_history(project_of(store).id)[0].id)
    app.run()
    assert undo_offered(app) == "" and count(store) == 3


def test_an_old_act_is_not_offered_any_more(app, store, monkeypatch):
    ids = record(store, "thumbs_up", 3)
    go(app, "record")
    app.button(key=f"delete_{ids[0]}").click().run()
    monkeypatch.setattr("pages.panels.project.projects.SHOWN_S", 0.0)
    app.run()
    assert undo_offered(app) == ""


def test_markup_in_the_name_of_what_was_deleted_stays_text(app, store):
    gesture = store.add_gesture(project_of(store).id, ODD)
    unfold(go(app, "gestures"), f"edit_{gesture.id}")
    app.button(key=f"delete_{gesture.id}").click().run()
    [bar] = [h.proto.body for h in app.get("html") if 'role="status"' in h.proto.body]
    assert "<i>" not in bar and undo_offered(app) == f"Deleted the gesture “{gesture.name}”"


def test_gestures_are_added_switched_off_ordered_and_each_act_is_undone(app, store):
    go(app, "gestures")
    before = store.gestures(project_of(store).id)
    key(app.text_input, "add_name_0").set_value("peace")
    next(b for b in app.button if b.label == "Add").click().run()
    assert undo_offered(app) == "Added the gesture “peace”"
    undo_here(app)
    assert store.gestures(project_of(store).id) == before
    ok = gesture_id(store, "ok")
    key(app.toggle, f"used_{ok}_True").set_value(False).run()
    assert undo_offered(app) == "Switched the gesture “ok” off"
    undo_here(app)
    key(app.button, f"Up_{ok}").click().run()
    assert undo_offered(app) == "Ordered the gestures"
    undo_here(app)
    assert store.gestures(project_of(store).id) == before


def test_a_renamed_project_is_still_the_open_one_after_undo(app, store):
    store.create_project("Another")  # which stands first by name
    app.sidebar.selectbox[0].select("My gestures").run()
    next(t for t in app.sidebar.text_input if t.label == "New name").input("Rock")
    press(app, "Rename")
    undo_here(app)
    assert app.sidebar.selectbox[0].value == "My gestures"


def test_the_samples_of_several_sessions_come_back_together(app, store):
    for _ in range(2):
        record(store, "ok", 2)
    page = unfold(go(app, "gestures"), "gestures_tab", "🗓 Sessions")
    table = f"sessions_{project_of(store).id}_0"
    page.session_state[table] = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    page.run()
    press(page, "Delete the 4 samples")
    assert undo_offered(page) == "Deleted 4 samples of 2 sessions"
    undo_here(page)
    assert [v.samples for v in list_sessions(store, project_of(store).id)] == [2, 2]


@pytest.mark.usefixtures("weights_folder")
def test_an_imported_table_goes_with_its_gestures_and_persons(app, store, shared_data):
    table = shared_data / "hand_keypoints" / "gestures.csv"
    head, *rows = table.read_text(encoding="utf-8").splitlines()
    content = "\n".join([head, *rows[::400]]).encode()
    before = store.gestures(project_of(store).id)
    unfold(go(app, "export"), "export_tab", "🗂 Data")
    files = next(f for f in app.file_uploader if f.label == "A table or COCO keypoints")
    files.upload("some.csv", content).run()
    app.button(key="add_data").click().run()
    n = len(rows[::400])
    assert count(store) == n and undo_offered(app) == f"Imported {n} samples from some.csv"
    undo_here(app)
    project = project_of(store)
    assert count(store) == 0 and store.persons(project.id) == []
    assert store.gestures(project.id) == before


def test_a_demo_project_that_was_filled_goes_as_a_whole(app, store):
    press(go(app, "demo"), "Fill a demo project")
    assert app.sidebar.selectbox[0].value == "Demo"
    assert undo_offered(app).startswith("Imported")
    undo_here(app)
    assert [p.name for p in store.projects()] == ["My gestures"]
    assert app.sidebar.selectbox[0].value == "My gestures"
    assert [p.name for p in store.projects(deleted=True)] == ["Demo"]


@pytest.mark.usefixtures("weights_folder")
def test_uploads_on_record_are_one_act(app, store, shared_data):
    folder = shared_data / "hand_images" / "emrecandir" / "thumbs_up"
    first, second = sorted(folder.iterdir())[:2]
    go(app, "record")
    app.file_uploader[0].upload("a.jpg", first.read_bytes()).upload("b.jpg", second.read_bytes())
    next(b for b in app.button if b.label.startswith("Add as")).click().run()
    assert undo_offered(app) == "Added 2 samples from files"
    undo_here(app)
    assert count(store) == 0 and "added" in texts(app)
