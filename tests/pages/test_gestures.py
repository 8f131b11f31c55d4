"""The Gestures page without a browser: gestures, persons and sessions, and the way back."""

from core.store.curation import list_sessions
from tests.pages.conftest import (
    ODD,
    create_project,
    go,
    press,
    record,
    run,
    texts,
    undo_here,
    undo_offered,
    unfold,
)

PEOPLE, SESSIONS = "🧑 People", "🗓 Sessions"


def ids(store):
    return {g.name: g.id for g in store.gestures(store.projects()[0].id)}


def persons(store):
    return [p.name for p in store.persons(store.projects()[0].id)]


def submit(page, form):
    """Press the first button of a form."""
    next(b for b in page.button if b.proto.form_id == form).click()
    return run(page)


def test_a_gesture_is_added_with_an_emoji_from_the_picker_or_as_one_that_moves(app, first, store):
    page = go(app, "gestures")
    page.text_input(key="add_name_0").set_value("peace")
    page.pills(key="add_0_pills").select("✌️")
    press(page, "Add")
    assert not page.error and undo_offered(page) == "Added the gesture “peace”"
    last = store.gestures(first.id)[-1]
    assert (last.name, last.emoji) == ("peace", "✌️")
    assert "✌️ peace" in texts(page)
    undo_here(page)
    assert "peace" not in ids(store)
    page.text_input(key="add_name_1").set_value("swipe_left")
    page.checkbox(key="add_moves_1").check()
    press(page, "Add")
    assert not page.error
    assert [g.name for g in store.gestures(first.id) if g.moves] == ["swipe_left"]
    assert "moves · nothing recorded yet" in texts(page)


def test_a_project_begins_with_hands_that_move_and_how_to_perform_each(app, store):
    create_project(app, "Moves", "Moving hands")
    assert [g.name for g in store.gestures(store.project("Moves").id) if g.moves][-1] == "none"
    page = go(app, "gestures")
    assert "Sweep an open hand to the left, once, and rest." in texts(page)
    assert page.checkbox(key="add_moves_0").value


def test_what_can_t_be_a_gesture_s_name_is_said(app, store):
    before = ids(store)
    page = go(app, "gestures")
    for name, said in (("ok", "taken"), ("", "1 to 40"), ("a\u202eb", "invisible")):
        page.text_input(key="add_name_0").set_value(name)
        press(page, "Add")
        assert said in page.error[0].value and ids(store) == before


def test_a_gesture_is_renamed_and_gets_another_emoji(app, first, store):
    record(store, "ok", 3)
    ok = ids(store)["ok"]
    page = unfold(go(app, "gestures"), f"edit_{ok}")
    page.text_input(key=f"name_{ok}_ok").set_value(ODD[:40])
    page.text_input(key=f"emoji_{ok}_👌_other").set_value("🆗")
    submit(page, f"change_{ok}")
    changed = next(g for g in store.gestures(first.id) if g.id == ok)
    assert (changed.name, changed.emoji) == (ODD[:40].strip(), "🆗")
    assert "<i>" not in texts(page).replace("\\<i>", "")
    undo_here(page)
    assert "ok" in ids(store)


def test_gestures_are_switched_off_moved_merged_and_deleted_and_all_is_undone(app, first, store):
    record(store, "ok", 3)
    record(store, "fist", 2)
    page, before, by_name = go(app, "gestures"), store.gestures(first.id), ids(store)
    names, ok, fist = list(by_name), by_name["ok"], by_name["fist"]
    page.toggle(key=f"used_{ok}_True").set_value(False).run()
    assert "ok" not in [g.name for g in store.gestures(first.id, enabled_only=True)]
    assert undo_offered(page) == "Switched the gesture “ok” off"
    undo_here(page)
    page.button(key=f"Up_{fist}").click().run()
    assert list(ids(store)).index("fist") == names.index("fist") - 1
    assert undo_offered(page) == "Ordered the gestures"
    undo_here(page)
    assert store.gestures(first.id) == before
    unfold(page, f"edit_{ok}")
    page.selectbox(key=f"into_{ok}").select(fist).run()
    page.button(key=f"merge_{ok}").click().run()
    assert "ok" not in ids(store) and "5 samples" in texts(page)
    undo_here(page)
    counts = {o.gesture.name: o.samples for o in store.overview(first.id)}
    assert (counts["ok"], counts["fist"]) == (3, 2)
    unfold(page, f"edit_{fist}")
    page.button(key=f"delete_{fist}").click().run()
    assert "fist" not in ids(store)
    undo_here(page)
    assert store.gestures(first.id) == before and not page.error


def test_persons_are_renamed_merged_and_deleted(app, first, store):
    for person in ("ana", "anna", "ben"):
        record(store, "ok", 2, person=person)
    numbers = {p.name: p.id for p in store.persons(first.id)}
    page = unfold(go(app, "gestures"), "gestures_tab", PEOPLE)
    for number in numbers.values():
        unfold(page, f"change_{number}")
    ben, anna = numbers["ben"], numbers["anna"]
    page.text_input(key=f"called_{ben}_ben").set_value("ANA")
    submit(page, f"rename_{ben}")
    assert "taken" in page.error[0].value
    page.text_input(key=f"called_{ben}_ben").set_value("Ben")
    submit(page, f"rename_{ben}")
    page.selectbox(key=f"same_{anna}").select(numbers["ana"]).run()
    page.button(key=f"merge_p_{anna}").click().run()
    assert persons(store) == ["ana", "Ben"]
    assert "4 samples · 2 sessions" in texts(page)
    undo_here(page)
    assert persons(store) == ["ana", "anna", "Ben"]
    page.button(key=f"delete_p_{ben}").click().run()
    assert persons(store) == ["ana", "anna"]
    undo_here(page)
    assert persons(store) == ["ana", "anna", "Ben"]


def test_without_gestures_and_recordings_each_tab_says_what_to_do(app, store):
    for number in ids(store).values():
        store.delete_gesture(number)
    assert "no gestures" in texts(go(app, "gestures"))
    for tab in (PEOPLE, SESSIONS):
        page = unfold(go(app, "gestures"), "gestures_tab", tab)
        assert texts(page).count("Nothing is recorded yet") == 1


def test_the_samples_of_chosen_sessions_are_deleted_and_come_back_together(app, first, store):
    for _ in range(3):
        record(store, "ok", 2)
    page = unfold(go(app, "gestures"), "gestures_tab", SESSIONS)
    chosen = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    unfold(page, f"sessions_{first.id}_0", chosen)
    press(page, "Delete the 4 samples")
    assert [v.samples for v in list_sessions(store, first.id)] == [0, 0, 2]
    assert undo_offered(page) == "Deleted 4 samples of 2 sessions"
    undo_here(page)
    assert [v.samples for v in list_sessions(store, first.id)] == [2, 2, 2]
