"""Rules in the store: checked, undone, deleted for good, and nobody else's."""

from contextlib import closing
from dataclasses import asdict

import pytest

from core.errors import ActionError, MudraError, NotFoundError
from core.store import Store
from core.store.deleting import delete_project_permanently, empty_bin
from core.store.rules import (
    EFFECTS,
    HELD,
    MAX_RULES,
    NewRule,
    add_rules,
    check_value,
    delete_rule,
    list_rules,
    update_rule,
)

NOTE = NewRule("ok", "note", "C4")
SLIDE = NewRule("point_right", "next_slide", moment=HELD, seconds=0.5, cooldown_s=2)


@pytest.fixture
def store(place):
    with closing(Store(place)) as store:
        yield store


@pytest.fixture
def project(store):
    return store.create_project("A")


def undo(store, project):
    store.undo(store.list_history(project.id)[0].id)


def test_rules_are_kept_in_order_and_every_change_can_be_undone(store, project):
    add_rules(store, project.id, [NOTE, SLIDE])
    note, slide = list_rules(store, project.id)
    assert asdict(slide) == asdict(SLIDE) | {"id": slide.id, "enabled": True, "confirmed": True}
    update_rule(store, note, value="F#3", enabled=False)
    assert list_rules(store, project.id)[0].value == "F#3"
    delete_rule(store, slide)
    assert len(list_rules(store, project.id)) == 1
    undo(store, project)
    undo(store, project)
    assert list_rules(store, project.id) == [note, slide]
    undo(store, project)
    assert list_rules(store, project.id) == []


def test_a_rule_says_in_words_what_it_does():
    assert NOTE.words == "When ok begins, it plays the note C4."
    held = "When point_right is held for 0.5 s, it presses → on the machine that runs Mudra"
    assert SLIDE.words.startswith(held)
    braces = NewRule("{0}", "speak", "{} {value}")
    assert braces.words == "When {0} begins, it says “{} {value}”."


def test_deleted_rules_go_with_the_bin_and_all_with_their_project(store, project):
    add_rules(store, project.id, [NOTE, SLIDE])
    delete_rule(store, list_rules(store, project.id)[0])
    assert empty_bin(store, project.id)["rules"] == 1
    assert len(list_rules(store, project.id)) == 1
    delete_project_permanently(store, project.id)
    assert list_rules(store, project.id) == []


def test_rules_are_their_owners_alone(store, place, project):
    add_rules(store, project.id, [NOTE])
    [rule] = list_rules(store, project.id)
    with closing(Store(place, owner="eve")) as other:
        assert list_rules(other, project.id) == []
        for change in (
            lambda: add_rules(other, project.id, [NOTE]),
            lambda: update_rule(other, rule, value="D4"),
            lambda: delete_rule(other, rule),
        ):
            with pytest.raises(NotFoundError):
                change()
    assert list_rules(store, project.id) == [rule]


def test_a_project_has_a_limited_number_of_rules(store, project):
    add_rules(store, project.id, [NOTE] * MAX_RULES)
    with pytest.raises(ActionError, match="at most 50"):
        add_rules(store, project.id, [NOTE])
    assert len(list_rules(store, project.id)) == MAX_RULES


GOOD = {
    "note": ["C4", "F#3", "B8"],
    "speak": ["Hello, {name}", "你好", "javascript:alert(1)"],  # only said
    "picture": ["🎉", "👨‍👩‍👧‍👦", "data:image/webp;base64,UklGRg=="],
    "page": ["http://localhost:8000", "https://example.org/a?b=c#d", "http://[::1]:80/"],
    "midi": ["note 60", "note 127 1", "cc 7 100"],
    "serial": ["on", "LED=1;"],
    "key": ["a", "ctrl+right", "ctrl+shift+f5", "media_next"],
    "click": ["left", "middle"],
    "machine_midi": ["cc 0"],
    "osc": ["127.0.0.1:9000 /light", "synth.test:65535 /a/b 1 0.5 on"],
    "mqtt": ["broker:1883 home/light", "127.0.0.1:1 a {“on”: true}"],
}
BAD = {
    "note": ["", "H4", "C9", "C4\n", "Cb4"],
    "speak": ["", "a\nb", "x" * 101, "\ud800"],
    "picture": [
        "",
        "a longer sentence",
        "https://evil.test/a.png",
        "data:image/svg+xml;base64,AAAA",
        "data:text/html;base64,AAAA",
        'data:image/webp;base64,AAAA" onerror="x',
        "data:image/webp;base64," + "A" * 670_000,
    ],
    "confetti": ["much"],
    "page": [
        "",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " https://a.test",
        "https://",
        "file:///etc/passwd",
        "data:text/html,x",
        "//evil.test",
        "http://user@evil.test",
        "https://a.test\\@evil.test",
        "https://a.test/\njavascript:x",
        'https://a.test/"x',
    ],
    "midi": ["note", "note 128", "note -1", "cc 7 1000", "sysex 1"],
    "serial": ["", "a\r\nb"],
    "stop": ["x"],
    "next_slide": ["ctrl+w"],
    "key": ["", "rm -rf", "ctrl+", "super+l", "ctrl+alt+shift+cmd+a", "A"],
    "click": ["", "double"],
    "osc": ["/a", "h /a", "h:0 /a", "h:65536 /a", "-h:1 /a", "h:1 a", "h:1 /a\n"],
    "mqtt": ["h:1", "h:1 #", "h:1 a/+", "h:1 a\tb", "u:p@h:1 a"],
    "shell": ["rm -rf /"],
    "": [""],
}


@pytest.mark.parametrize(("effect", "value"), [(e, v) for e, all in GOOD.items() for v in all])
def test_a_good_value_is_taken(effect, value):
    assert check_value(effect, value) == value


@pytest.mark.parametrize(("effect", "value"), [(e, v) for e, all in BAD.items() for v in all])
def test_a_bad_value_is_refused(effect, value):
    with pytest.raises(ActionError):
        NewRule("ok", effect, value)


def test_what_is_first_offered_is_valid_or_has_to_be_completed():
    for name, effect in EFFECTS.items():
        if name not in ("speak", "page"):
            check_value(name, effect.default)


@pytest.mark.parametrize(
    "wrong",
    [
        {"gesture": ""},
        {"gesture": "a\u202eb"},
        {"moment": "often"},
        {"seconds": 0},
        {"seconds": float("nan")},
        {"cooldown_s": -1},
        {"cooldown_s": float("inf")},
    ],
)
def test_a_rule_of_invalid_parts_is_none(wrong):
    with pytest.raises(MudraError):
        NewRule(**{"gesture": "ok", "effect": "confetti"} | wrong)
