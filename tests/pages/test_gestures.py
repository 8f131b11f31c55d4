"""The Gestures page without a browser: gestures, persons and sessions, and the way back."""

import pytest

from core.store.curation import list_sessions
from tests.pages.conftest import ODD, go, press, record, texts, undo_here, unfold

PEOPLE, SESSIONS = "🧑 People", "🗓 Sessions"


def project_of(store):
    return store.projects()[0]


def ids(store):
    return {g.name: g.id for g in store.gestures(project_of(store).id)}


def names(store):
    return [g.name for g in store.gestures(project_of(store).id)]


def widget(found, key):
    return next(w for w in found if w.key == key)


def test_a_gesture_is_added_with_an_emoji_from_the_picker(app, store):
    page = go(app, "gestures")
    widget(page.text_input, "add_name_0").set_value("peace")
    widget(page.pills, "add_0_pills").select("✌️")
    next(b for b in page.button if b.label == "Add").click().run()
    assert not page.exception and not page.error
    last = store.gestures(project_of(store).id)[-1]
    assert (last.name, last.emoji) == ("peace", "✌️")
    assert "✌️ peace" in texts(page)


def test_a_project_begins_with_hands_that_move_and_how_to_perform_each(app, store):
    next(i for i in app.sidebar.text_input if i.label == "Name").set_value("Moves")
    about = next(r for r in app.sidebar.radio if r.label == "Type")
    about.set_value("Moving hands")
    press(app, "Create")
    assert [g.name for g in store.gestures(store.project("Moves").id) if g.moves][-1] == "none"
    page = go(app, "gestures")
    assert "Sweep an open hand to the left, once, and rest." in texts(page)
    assert widget(page.checkbox, "add_moves_0").value


def test_a_gesture_that_moves_is_added_as_one_and_shown_as_one(app, store):
    page = go(app, "gestures")
    widget(page.text_input, "add_name_0").set_value("swipe_left")
    widget(page.checkbox, "add_moves_0").check()
    next(b for b in page.button if b.label == "Add").click().run()
    assert not page.exception and not page.error
    assert [g.name for g in store.gestures(project_of(store).id) if g.moves] == ["swipe_left"]
    assert "moves · nothing recorded yet" in texts(page)


@pytest.mark.parametrize(
    ("name", "said"), [("ok", "taken"), ("", "1 to 40"), ("a\u202eb", "invisible")]
)
def test_what_can_t_be_a_gesture_s_name_is_said(app, store, name, said):
    before = names(store)
    page = go(app, "gestures")
    widget(page.text_input, "add_name_0").set_value(name)
    next(b for b in page.button if b.label == "Add").click().run()
    assert said in page.error[0].value and names(store) == before


def test_a_gesture_is_renamed_and_gets_another_emoji(app, store):
    record(store, "ok", 3)
    ok = ids(store)["ok"]
    page = unfold(go(app, "gestures"), f"edit_{ok}")
    widget(page.text_input, f"name_{ok}_ok").set_value(ODD[:40])
    widget(page.text_input, f"emoji_{ok}_👌_other").set_value("🆗")
    next(b for b in page.button if b.label == "Save" and f"change_{ok}" in b.proto.form_id).click()
    page.run()
    changed = next(g for g in store.gestures(project_of(store).id) if g.id == ok)
    assert (changed.name, changed.emoji) == (ODD[:40].strip(), "🆗")
    assert "<i>" not in texts(page).replace("\\<i>", "")
    undo_here(page)
    assert "ok" in names(store)


def test_gestures_are_switched_off_moved_merged_and_deleted_and_all_is_undone(app, store):
    record(store, "ok", 3)
    record(store, "fist", 2)
    page, before, by_name = go(app, "gestures"), names(store), ids(store)
    widget(page.toggle, f"used_{by_name['ok']}_True").set_value(False).run()
    assert "ok" not in [g.name for g in store.gestures(project_of(store).id, enabled_only=True)]
    undo_here(page)
    assert all(g.enabled for g in store.gestures(project_of(store).id))
    widget(page.button, f"Up_{by_name['fist']}").click().run()
    assert names(store).index("fist") == before.index("fist") - 1
    undo_here(page)
    assert names(store) == before
    unfold(page, f"edit_{by_name['ok']}")
    widget(page.selectbox, f"into_{by_name['ok']}").select(by_name["fist"]).run()
    widget(page.button, f"merge_{by_name['ok']}").click().run()
    assert "ok" not in names(store) and "5 samples" in texts(page)
    undo_here(page)
    counts = {o.gesture.name: o.samples for o in store.overview(project_of(store).id)}
    assert (counts["ok"], counts["fist"]) == (3, 2)
    unfold(page, f"edit_{by_name['fist']}")
    widget(page.button, f"delete_{by_name['fist']}").click().run()
    assert "fist" not in names(store)
    undo_here(page)
    assert names(store) == before and not page.error


def test_a_project_without_gestures_says_what_to_do(app, store):
    for gesture_id in ids(store).values():
        store.delete_gesture(gesture_id)
    assert "no gestures" in texts(go(app, "gestures"))


def test_persons_are_renamed_merged_and_deleted(app, store):
    for person in ("ana", "anna", "ben"):
        record(store, "ok", 2, person=person)
    persons = {p.name: p.id for p in store.persons(project_of(store).id)}
    page = unfold(go(app, "gestures"), "gestures_tab", PEOPLE)
    for person_id in persons.values():
        unfold(page, f"change_{person_id}")
    widget(page.text_input, f"called_{persons['ben']}_ben").set_value("Ben")
    next(b for b in page.button if f"rename_{persons['ben']}" in b.proto.form_id).click().run()
    widget(page.selectbox, f"same_{persons['anna']}").select(persons["ana"]).run()
    widget(page.button, f"merge_p_{persons['anna']}").click().run()
    assert [p.name for p in store.persons(project_of(store).id)] == ["ana", "Ben"]
    assert "4 samples · 2 sessions" in texts(page)
    undo_here(page)
    assert [p.name for p in store.persons(project_of(store).id)] == ["ana", "anna", "Ben"]
    widget(page.button, f"delete_p_{persons['Ben' if 'Ben' in persons else 'ben']}").click().run()
    assert [p.name for p in store.persons(project_of(store).id)] == ["ana", "anna"]
    undo_here(page)
    assert [p.name for p in store.persons(project_of(store).id)] == ["ana", "anna", "Ben"]


def test_a_name_that_is_another_s_is_refused_in_words(app, store):
    for person in ("ana", "ben"):
        record(store, "ok", 1, person=person)
    ben = next(p.id for p in store.persons(project_of(store).id) if p.name == "ben")
    page = unfold(unfold(go(app, "gestures"), "gestures_tab", PEOPLE), f"change_{ben}")
    widget(page.text_input, f"called_{ben}_ben").set_value("ANA")
    next(b for b in page.button if f"rename_{ben}" in b.proto.form_id).click().run()
    assert "taken" in page.error[0].value


def test_without_recordings_people_and_sessions_say_what_to_do(app, store):
    for tab in (PEOPLE, SESSIONS):
        page = unfold(go(app, "gestures"), "gestures_tab", tab)
        assert texts(page).count("Nothing is recorded yet") == 1


def test_chosen_sessions_are_assigned_and_their_samples_deleted(app, store):
    for _ in range(2):
        record(store, "ok", 2, person="me")
    page = unfold(go(app, "gestures"), "gestures_tab", SESSIONS)
    project = project_of(store)
    key = f"sessions_{project.id}_0"
    page.session_state[key] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    page.run()
    assert not page.exception
    next(b for b in page.button if b.label == "Delete the 2 samples").click().run()
    assert [v.samples for v in list_sessions(store, project.id)] == [0, 2]
    undo_here(page)
    assert [v.samples for v in list_sessions(store, project.id)] == [2, 2]
