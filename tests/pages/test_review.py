"""The Review page without a browser: every state of it, and that each action can be undone."""

import pytest
from streamlit.testing.v1 import AppTest

from core.gestures.labels import safe_label
from core.store.bin import delete_samples, move_samples
from core.store.index import read_index
from tests.pages.conftest import (
    ODD,
    choose,
    component,
    gesture_id,
    go,
    plain,
    press,
    record,
    run,
    tables,
    texts,
    undo_here,
    unfold,
)
from tests.support.performances import perform

BIN, MAP, BALANCE = "🗑️ Bin", "🗺️ Map", "⚖️ Balance"


def ids(store):
    return set(read_index(store, store.projects()[0].id).ids.tolist())


def grid(app):
    return component(app, "sample_grid")


def tiles(app):
    return [tile["id"] for tile in grid(app)["tiles"]]


def view(app, name):
    return choose(app, "View", name)


def restore(app, kind, number):
    app.button(key=f"back_{kind}_{number}").click()
    return run(app)


def open_sample(can_trim):
    from pages.panels.resources import studio
    from pages.panels.samples.samples import show_sample

    project = studio().store.projects()[0]
    show_sample(project, studio().store.samples(project.id)[0], can_trim=can_trim)


def test_nothing_recorded_leads_to_record(app):
    go(app, "review")
    assert "Nothing is recorded yet" in texts(app)
    view(app, BIN)
    assert "No deleted project" in texts(app)
    assert "No deleted samples" in texts(app)


def test_a_sample_shown_large_says_where_it_comes_from(app, store):
    record(store, "thumbs_up", 1, person=ODD)
    shown = run(AppTest.from_function(open_sample, args=(False,)))
    assert f"Who: **{safe_label(ODD)}**" in texts(shown)
    assert "Mirrored view: **yes**" in texts(shown)
    assert f"Estimator: **{safe_label('mediapipe-hands')}**" in texts(shown)


def test_begin_and_end_of_a_clip_are_moved_by_two_handles_and_moved_back(first, store):
    perform(store, first.id, "swipe_left", 1)  # 18 frames, 30 a second
    shown = run(AppTest.from_function(open_sample, args=(True,)))
    [handles], apply = shown.slider, shown.button[0]
    assert handles.value == pytest.approx((0, 17 / 30)) and apply.disabled
    assert f"Gesture: **{safe_label('swipe_left')}**" in texts(shown)  # which has no emoji
    shown = handles.set_value((0.1, 0.5)).run()
    assert not shown.exception and not shown.button[0].disabled
    shown = shown.button[0].click().run()
    [clip] = store.samples(first.id)
    assert clip.frames == 13  # from 3 / 30 s to 15 / 30 s
    assert "Frames: **13 in 0\\.40 s**" in texts(shown)
    shown.slider[0].set_value((0.0, 0.5)).run().button[0].click().run()
    assert [clip.frames for clip in store.samples(first.id)] == [16]
    shown.slider[0].set_value((0.3, 0.35)).run()
    assert "at least 4 frames" in texts(shown)


def test_samples_are_picked_and_deleted_and_pages_turned_and_never_left_empty(app, store):
    made = record(store, "thumbs_up", 100)
    go(app, "review")
    assert tiles(app) == made[:51:-1] and grid(app)["tiles"][0]["title"] == "👍 thumbs_up"
    unfold(app, "picked", {made[99], made[97]})  # as if they had been clicked
    assert grid(app)["picked"] == [made[99], made[97]]
    press(app, "Delete 2")
    assert ids(store) == {*made} - {made[99], made[97]}
    undo_here(app)
    assert tiles(app) == made[:51:-1]
    press(app, "Next")
    press(app, "Next")
    assert tiles(app) == made[3::-1]
    press(app, "Select page")
    press(app, "Delete 4")
    assert tiles(app) == made[51:3:-1]
    undo_here(app)
    assert ids(store) == set(made)


def test_all_of_many_pages_are_moved_and_the_act_undone(app, first, store):
    made, fist = record(store, "thumbs_up", 60), gesture_id(store, "fist")
    go(app, "review")
    press(app, "Select all 60")
    app.selectbox(key="move_to").set_value(fist).run()
    press(app, "Move 60")
    assert set(read_index(store, first.id).gestures.tolist()) == {fist}
    assert "Select none" not in [button.label for button in app.button]
    undo_here(app)
    assert fist not in read_index(store, first.id).gestures
    assert ids(store) == set(made)


def test_filters_choose_and_orders_order(app, first, store):
    mine, yours = record(store, "fist", 2, person="b"), record(store, "ok", 2, person="a")
    go(app, "review")
    app.selectbox(key="review_order").set_value("person").run()
    assert tiles(app) == [*yours[::-1], *mine[::-1]]
    app.selectbox(key=f"review_Gesture_{first.id}").set_value(gesture_id(store, "ok")).run()
    assert tiles(app) == yours[::-1]
    who = store.ensure_person(first.id, "b").id
    app.selectbox(key=f"review_Person_{first.id}").set_value(who).run()
    assert "No sample matches" in texts(app)


def test_the_most_suspect_stands_first_and_says_why(app, first, store):
    for seed in range(4):
        record(store, "thumbs_up", 5, seed=seed)
        record(store, "fist", 5, seed=seed)
    wrong = record(store, "fist", 1, seed=9)
    move_samples(store, first.id, wrong, gesture_id(store, "thumbs_up"))
    go(app, "review")
    app.selectbox(key="review_order").set_value("doubtful")
    tile = grid(run(app))["tiles"][0]
    assert (tile["id"], tile["note"]) == (wrong[0], "Looks like: 👊 fist (100%)")


def test_given_samples_alone_are_shown_until_all_are_asked_for(app, first, store):
    made = record(store, "fist", 5)
    go(app, "review")
    other = store.gestures(first.id)[0].id
    app.selectbox(key=f"review_Gesture_{first.id}").set_value(other).run()
    view(app, BIN)
    go(app, "train")
    app.session_state[f"review_ids_{first.id}"] = [made[1], made[3], 10**6]
    go(app, "review")
    assert tiles(app) == [made[3], made[1]]
    press(app, "Show all")
    assert len(tiles(app)) == 5


def test_the_bin_gives_back_samples_gestures_persons_and_projects(app, first, store):
    other = store.create_project("Other")
    store.delete_project(other.id)
    made = record(store, "fist", 3) + record(store, "ok", 2, person="you")
    fist, you = gesture_id(store, "fist"), store.ensure_person(first.id, "you").id
    delete_samples(store, first.id, made[:1])
    store.delete_gesture(fist)
    store.delete_person(you)
    view(go(app, "review"), BIN)
    assert "2 samples" in texts(app) and "No deleted samples" in texts(app)
    restore(app, "project", other.id)
    assert store.project("Other") == other
    app.sidebar.selectbox[0].select(first.name).run()
    restore(app, "gesture", fist)
    restore(app, "person", you)
    assert tiles(app) == [made[0]]
    press(app, "Select page")
    press(app, "Restore 1")
    assert ids(store) == set(made)


def test_a_clash_of_names_is_explained_and_a_new_name_helps(app, first, store):
    record(store, "fist", 3)
    fist = gesture_id(store, "fist")
    store.delete_gesture(fist)
    store.add_gesture(first.id, "Fist")
    view(go(app, "review"), BIN)
    assert "Another gesture is called “Fist” by now" in texts(app)
    for name in ("", "ok", "punch"):
        app.text_input(key=f"name_gesture_{fist}").input(name)
        restore(app, "gesture", fist)
        assert bool(app.error) == (name != "punch")
        assert ("punch" in [g.name for g in store.gestures(first.id)]) == (name == "punch")


@pytest.mark.parametrize("n", [1, 30])
def test_the_map_draws_any_number_of_samples_by_gesture_person_and_session(app, first, store, n):
    record(store, "fist", n, person=ODD)
    store.add_gesture(first.id, ODD)
    record(store, ODD, n)
    view(go(app, "review"), MAP)
    assert f"{2 * n} samples. The two axes explain" in texts(app)
    for by in ("person", "session"):
        choose(app, "Colour and shape by", by)
    choose(app, "Map", "t-SNE")
    assert "Near points look alike" in texts(app) or n == 1
    record(store, "fist", 1)
    assert "press Redraw" in texts(run(app))
    assert "press Redraw" not in texts(press(app, "Redraw"))


def test_the_balance_says_what_to_record_next(app, store):
    view(go(app, "review"), BALANCE)
    assert "Record 👍 thumbs" in plain(texts(app))
    record(store, "fist", 3)
    record(store, "ok", 40)
    assert "👊 fist: 3 of 5" in plain(texts(run(app)))
    [table] = tables(app)
    assert dict(zip(table["Gesture"], table["Samples"], strict=True))["👌 ok"] == "40"
