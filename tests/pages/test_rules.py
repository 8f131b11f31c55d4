"""“When … then …” without a browser: rows, templates, undo, and what is off until it is allowed."""

import io

import pytest
from PIL import Image

from core.store.rules import NewRule, add_rules, list_rules, update_rule
from tests.pages.conftest import (
    component,
    fill,
    go,
    labelled,
    plain,
    press,
    run,
    texts,
    undo_here,
    undo_offered,
    unfold,
    upload,
)


def rules(store):
    return list_rules(store, store.projects()[0].id)


def runner(app):
    return app.session_state["rule_runner"]


def fired(app):
    return [(event["effect"], event["value"]) for event in runner(app).state()["fired"]]


def press_key(app, prefix):
    next(b for b in app.button if (b.key or "").startswith(prefix)).click()
    return run(app)


def row_switch(app):
    [found] = [t for t in app.toggle if (t.key or "").startswith("rule_on_")]
    return found


@pytest.fixture
def app(app):
    """The studio with the rules unfolded."""
    return unfold(app, "rules")


@pytest.mark.parametrize("page", ["studio", "live"])
def test_an_empty_page_says_what_to_do_and_offers_templates(app, store, page):
    go(app, page)
    unfold(app, "rules")
    assert "Take a template, or press" in texts(app)
    press(app, "🎵 Music")
    assert [(r.gesture, r.value) for r in rules(store)][:3] == [
        ("thumbs_up", "C4"),
        ("thumbs_down", "D4"),
        ("point_up", "E4"),
    ]
    assert len(rules(store)) == 8 and "none" not in [r.gesture for r in rules(store)]
    assert "Take a template" not in texts(app)
    assert component(app, "effects")["topic"] == "effects"
    assert undo_offered(app) == "Added 8 actions"
    undo_here(app)
    assert rules(store) == []


def test_slides_press_keys_once_they_are_switched_on_in_the_settings(app, store):
    press(app, "📽️ Slides")
    assert [(r.gesture, r.effect) for r in rules(store)] == [
        ("point_right", "next_slide"),
        ("point_left", "previous_slide"),
    ]
    press_key(app, "rule_test_")
    assert "switch on “Actions on this machine” in Settings" in runner(app).state()["problem"]
    labelled(app.toggle, "Actions on this machine").set_value(True).run()
    runner(app)._access.check(rules(store)[0])


def test_a_rule_is_added_tested_switched_off_changed_and_deleted(app, store):
    unfold(app, "rule_add_0")
    labelled(app.selectbox, "When").set_value("fist").run()
    labelled(app.selectbox, "Then").set_value("speak").run()
    press(fill(app, "What", "Knock **knock**"), "Add")
    [rule] = rules(store)
    assert rule.words == "When fist begins, it says “Knock **knock**”."
    assert plain(row_switch(app).label) == "When 👊 fist begins, it says “Knock **knock**”."
    assert "\\*" in row_switch(app).label
    press_key(app, "rule_test_")
    assert fired(app) == [("speak", "Knock **knock**")]
    row_switch(app).set_value(False).run()
    assert not rules(store)[0].enabled and runner(app).rules == ()
    unfold(app, f"rule_edit_{rule.id}")
    field = next(t for t in app.text_input if t.key == f"rule_{rule.id}_speak")
    field.set_value("Bye").run()
    press(app, "Save")
    assert rules(store)[0].value == "Bye"
    press_key(app, "rule_delete_")
    assert rules(store) == [] and undo_offered(app) == "Deleted an action"
    undo_here(app)
    assert rules(store)[0].value == "Bye"


def test_a_gif_is_uploaded_as_an_animation_and_brought_to_the_page_once(app, store):
    unfold(app, "rule_add_0")
    frames = [Image.new("RGB", (640, 480), color) for color in ("red", "green", "blue")]
    gif = io.BytesIO()
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:], duration=70)
    labelled(app.selectbox, "Then").set_value("picture").run()
    press(upload(app, ("dance.gif", gif.getvalue()), to="Or a picture"), "Add")
    [rule] = rules(store)
    assert rule.words == "When thumbs_up begins, it shows a picture on the whole screen."
    with Image.open(io.BytesIO(rule.picture)) as picture:
        assert (picture.format, picture.n_frames, picture.size) == ("WEBP", 3, (640, 480))
    press_key(app, "rule_test_")
    [(effect, name)] = fired(app)
    assert effect == "picture" and runner(app).pictures() == {name: rule.value}


def test_what_is_no_picture_is_said(app, store):
    unfold(app, "rule_add_0")
    labelled(app.selectbox, "Then").set_value("picture").run()
    upload(app, ("x.gif", b"GIF89a<script>"), to="Or a picture")
    assert "isn't a JPEG, PNG, WEBP or GIF image" in plain(app.error[0].value)
    assert rules(store) == []


def test_an_address_that_is_none_is_not_taken(app, store):
    unfold(app, "rule_add_0")
    labelled(app.selectbox, "Then").set_value("page").run()
    press(fill(app, "What", "javascript:alert(1)"), "Add")
    assert "can't be used" in plain(app.error[0].value) and rules(store) == []


def test_an_imported_rule_says_what_it_does_and_waits(app, store):
    first = store.projects()[0]
    add_rules(store, first.id, [NewRule("ok", "page", "https://example.org/")])
    update_rule(store, rules(store)[0], enabled=False, confirmed=False)
    run(app)
    assert "🔒 When 👌 ok begins, it opens the web page https://" in plain(texts(app)).replace(
        "\u2060", ""
    )
    assert not [b for b in app.button if (b.key or "").startswith("rule_test_")]
    assert runner(app).rules == ()
    press(app, "Allow")
    assert [r.value for r in runner(app).rules] == ["https://example.org/"]


def test_who_logged_in_gets_only_what_the_operator_listed(app, store, monkeypatch):
    monkeypatch.setenv("MUDRA_OWNER", "anna")
    go(app, "live")
    assert not [t for t in app.toggle if t.label == "Actions on this machine"]
    unfold(app, "rules")
    unfold(app, "rule_add_0")
    assert "Press a key" not in labelled(app.selectbox, "Then").options
    monkeypatch.setenv("MUDRA_ACTIONS", "osc")
    run(app)
    assert "Send an OSC message" in labelled(app.selectbox, "Then").options
    assert "Press a key" not in labelled(app.selectbox, "Then").options
    labelled(app.toggle, "Actions on this machine").set_value(True).run()
    assert runner(app)._access.effects == {"osc"} and runner(app)._access.hosts == ()
