"""Rules: which are due at which time, by hand, and how they are carried out."""

import threading
import time

import pytest

from core.actions.actions import Actions
from core.actions.machine import MachineAccess, MachineEffects
from core.actions.rules import RuleEngine, RuleRunner
from core.store.rules import BEGIN, END, HELD, Rule
from tests.actions.conftest import reading

ALL = MachineAccess(frozenset({"key", "osc"}))


def rule(number=1, gesture="ok", moment=BEGIN, cooldown_s=0.0, **more):
    values = {"effect": "confetti", "moment": moment, "cooldown_s": cooldown_s} | more
    return Rule(gesture, id=number, **values)


# what is shown at which time (s), and which rules are due then
STORIES = {
    "a begin fires once": (
        [rule()],
        [(0.0, "", []), (0.1, "ok", [1]), (0.2, "ok", []), (0.3, "", []), (0.4, "ok", [1])],
    ),
    "an end fires when the gesture is gone or another comes": (
        [rule(moment=END)],
        [(0.0, "ok", []), (0.1, "fist", [1]), (0.2, "", []), (0.3, "ok", []), (0.4, "", [1])],
    ),
    "a hold fires once after its time, and again in the next hold": (
        [rule(moment=HELD, seconds=1.0)],
        [
            (5.0, "ok", []),
            (5.9, "ok", []),
            (6.0, "ok", [1]),
            (9.0, "ok", []),
            (9.1, "", []),
            (10.0, "ok", []),
            (10.5, "", []),
            (11.0, "ok", []),
            (11.5, "ok", []),
            (12.0, "ok", [1]),
        ],
    ),
    "what falls into the pause is dropped": (
        [rule(cooldown_s=2.0)],
        [(0.0, "ok", [1]), (0.5, "", []), (1.0, "ok", []), (1.9, "", []), (2.0, "ok", [1])],
    ),
    "a hold that comes due in the pause is dropped, too": (
        [rule(moment=HELD, seconds=0.5, cooldown_s=5.0)],
        [
            (0.0, "ok", []),
            (0.5, "ok", [1]),
            (1.0, "", []),
            (2.0, "ok", []),
            (2.5, "ok", []),
            (6.0, "ok", []),
        ],
    ),
    "each rule has its own pause, and they come in their order": (
        [rule(1, cooldown_s=9), rule(2), rule(3, "fist"), rule(4, moment=END)],
        [(0.0, "ok", [1, 2]), (0.1, "fist", [3, 4]), (0.2, "ok fist", [2]), (0.3, "", [4])],
    ),
    "the same gesture of two hands is one": (
        [rule(), rule(2, moment=END)],
        [(0.0, "ok", [1]), (0.1, "ok ok", []), (0.2, "ok", []), (0.3, "", [2])],
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_which_rules_are_due(story):
    rules, steps = STORIES[story]
    engine = RuleEngine(rules)
    for time_s, shown, due in steps:
        assert [r.id for r in engine.update({*shown.split()}, time_s)] == due, time_s


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def done():
    """What the machine was asked to do."""
    return []


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def runner(done, clock):
    return RuleRunner(MachineEffects(dict.fromkeys(("key", "osc"), done.append)), clock)


def show(actions, name, time_s):
    actions.offer((reading(name),) if name else (), time_s)


def fired(runner):
    return [(event["effect"], event["value"]) for event in runner.state()["fired"]]


def test_a_gesture_before_the_camera_reaches_the_page_and_the_end_is_seen(runner, actions, clock):
    actions.attach_rules(runner)
    runner.set_rules([rule(), rule(2, moment=END, effect="speak", value="bye")], ALL)
    show(actions, "ok", 1.0)
    assert fired(runner) == [("confetti", "")]
    assert runner.state()["text"] == "When ok begins, it throws confetti."
    show(actions, None, 1.1)
    assert len(fired(runner)) == 1  # a hand may be missed in a frame
    show(actions, None, 2.0)
    assert fired(runner) == [("confetti", ""), ("speak", "bye")]
    assert [event["n"] for event in runner.state()["fired"]] == [1, 2]
    clock.now_s += 3.1
    assert fired(runner) == []  # a page that comes back is told nothing old


def test_a_camera_that_stops_ends_the_gesture(runner, actions):
    actions.attach_rules(runner)
    runner.set_rules([rule(moment=END)], ALL)
    show(actions, "ok", 1.0)
    actions.close()
    assert fired(runner) == [("confetti", "")]


def test_only_what_is_on_and_confirmed_is_carried_out(runner):
    off = [rule(enabled=False), rule(2, confirmed=False)]
    runner.set_rules(off, ALL)
    assert runner.rules == () and not runner.state()["on"]
    runner.set_rules([*off, rule(3, effect="serial", value="x")], ALL)
    assert [r.id for r in runner.rules] == [3] and runner.state()["uses"] == ["serial"]


def wait_until(condition):
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_an_effect_of_the_machine_is_off_until_it_is_allowed(runner, done):
    key = rule(effect="key", value="right")
    runner.set_rules([key], MachineAccess())
    runner.test(key)
    assert "“Press a key” is off" in runner.state()["problem"] and done == []
    runner.set_rules([key], ALL)
    runner.test(key)
    wait_until(lambda: done == [key])
    assert runner.state()["problem"] == "" and fired(runner) == []


def test_stop_ends_everything_until_it_may_go_on(runner, actions, done):
    actions.attach_rules(runner)
    rules = [rule(), rule(2, effect="key", value="a"), rule(3, "fist", effect="stop")]
    runner.set_rules(rules, ALL)
    show(actions, "fist", 1.0)
    assert runner.state()["stopped"]
    show(actions, "ok", 2.0)
    assert fired(runner) == [] and done == []
    runner.receive({"kind": "go"})
    show(actions, "fist", 3.0)
    assert runner.state()["stopped"]
    runner.receive({"kind": "go"})
    show(actions, "ok", 4.0)
    assert fired(runner) == [("confetti", "")]
    runner.receive({"kind": "stop"})
    assert fired(runner) == [] and runner.state()["stopped"]


def test_changed_rules_wait_for_the_next_gesture(runner, actions):
    actions.attach_rules(runner)
    show(actions, "ok", 1.0)
    runner.set_rules([rule()], ALL)
    show(actions, "ok", 1.1)
    assert fired(runner) == []


def test_a_flood_of_effects_is_bounded(clock):
    go_on = threading.Event()
    slow = RuleRunner(MachineEffects({"key": lambda rule: go_on.wait(5)}), clock)
    key = rule(effect="key", value="a")
    slow.set_rules([key], ALL)
    for _ in range(9):
        slow.test(key)
    assert "faster than" in slow.state()["problem"]
    go_on.set()


def test_actions_without_rules_are_as_before():
    actions = Actions()
    show(actions, "ok", 1.0)
    actions.close()
