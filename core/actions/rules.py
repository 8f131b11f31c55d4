"""Carry out a project's rules: gestures with their times in, effects out.

`RuleEngine` decides which rules are due and is pure; `RuleRunner` passes what is due to the page
(effects in the browser) and to `MachineEffects` (keys, OSC … of the machine that runs Mudra).
"""

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypedDict

from core.actions.changes import Change
from core.actions.machine import MachineAccess, MachineEffects
from core.errors import ActionError
from core.store.rules import BEGIN, EFFECTS, END, HELD, NewRule, Rule

EFFECTS_TOPIC, PICTURES_TOPIC = "effects", "effects pictures"
_SHOWN_S = 3.0  # a page that was away for longer misses what happened meanwhile
_MAX_WAITING = 20


class FiredEffect(TypedDict):
    """An effect that the browser has to carry out, once: events are numbered by `n`."""

    n: int
    effect: str
    value: str


class EffectsState(TypedDict):
    """What the page shows of the rules, and what it has to do.

    Attributes:
        on: whether there is any rule.
        fired: the newest effects in the browser.
        uses: which devices of the browser the rules need.
        text: the last that was done.
    """

    on: bool
    stopped: bool
    fired: list[FiredEffect]
    uses: list[str]
    text: str
    problem: str


class RuleEngine:
    """Decides which rules are due. A rule fires once in a hold, and not within its `cooldown_s`;
    what falls into that time is dropped, not put off."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self.rules = tuple(rules)
        self._began_s: dict[str, float] = {}  # of the gestures that are shown
        self._held: set[int] = set()  # rules that this hold has fired
        self._fired_s: dict[int, float] = {}

    def update(self, shown: Collection[str], time_s: float) -> list[Rule]:
        """Return the rules that are due, in their order.

        Args:
            shown: names of the gestures that are shown now, by any hand.
            time_s: of a clock that never goes back.
        """
        events = {(name, END) for name in self._began_s if name not in shown}
        events |= {(name, BEGIN) for name in shown if name not in self._began_s}
        self._began_s = {name: self._began_s.get(name, time_s) for name in shown}
        self._held &= {rule.id for rule in self.rules if rule.gesture in self._began_s}
        due = []
        for rule in self.rules:
            if (rule.gesture, rule.moment) in events or self._is_held_long_enough(rule, time_s):
                if rule.moment == HELD:
                    self._held.add(rule.id)
                if time_s - self._fired_s.get(rule.id, float("-inf")) >= rule.cooldown_s:
                    self._fired_s[rule.id] = time_s
                    due.append(rule)
        return due

    def _is_held_long_enough(self, rule: Rule, time_s: float) -> bool:
        """Whether a rule's gesture has been held for its time, for the first time in this hold."""
        if rule.moment != HELD or rule.id in self._held or rule.gesture not in self._began_s:
            return False
        return time_s - self._began_s[rule.gesture] >= rule.seconds


class RuleRunner:
    """Carries out one visitor's rules. The page sets them, the stream's thread brings the changes,
    the channel's threads read the state and bring the stop.

    Attributes:
        stopped: whether everything was stopped; nothing happens until somebody lets it go on.
    """

    def __init__(
        self,
        machine: MachineEffects | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stopped = False
        self._machine, self._clock = machine or MachineEffects(), clock
        self._engine, self._access = RuleEngine(), MachineAccess()
        self._hands: dict[str, str] = {}  # each hand's gesture
        self._time_s = 0.0
        self._fired: deque[tuple[float, FiredEffect]] = deque(maxlen=_MAX_WAITING)
        self._pictures: dict[str, str] = {}
        self._count, self._text, self._problem = 0, "", ""
        self._lock = threading.Lock()

    def set_rules(self, rules: Sequence[Rule], access: MachineAccess) -> None:
        """Carry out these rules from now on, as far as they are on, confirmed and allowed."""
        active = tuple(rule for rule in rules if rule.enabled and rule.confirmed)
        with self._lock:
            self._access = access
            self._pictures = {_name_picture(r): r.value for r in rules if r.picture}
            if active != self._engine.rules:
                self._engine, self._problem = RuleEngine(active), ""
                self._engine.update({*self._hands.values()}, self._time_s)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that are carried out."""
        return self._engine.rules

    def update(self, changes: Iterable[Change], time_s: float | None = None) -> None:
        """Carry out what a frame's changes and its time (None: the last frame's) make due."""
        with self._lock:
            self._time_s = self._time_s if time_s is None else time_s
            for change in changes:
                self._hands.pop(change.hand, None)
                if change.name:
                    self._hands[change.hand] = change.name
            due = self._engine.update({*self._hands.values()}, self._time_s)
            for rule in due:
                self._carry_out(rule)

    def test(self, rule: NewRule) -> None:
        """Carry out a rule now, whether it is on or not; a stop is over by that."""
        with self._lock:
            self.stopped = False
            self._carry_out(rule)

    def _carry_out(self, rule: NewRule) -> None:
        """Start a rule's effect unless everything is stopped; a failure is in the state."""
        if self.stopped:
            return
        if rule.effect == "stop":
            self._stop_all()
            return
        self._text, self._problem = rule.words, ""
        if EFFECTS[rule.effect].on_server:
            try:
                self._access.check(rule)
                self._machine.send(rule)
            except ActionError as error:
                self._problem = error.text
            return
        self._count += 1
        name = _name_picture(rule)  # the picture itself comes by a topic of its own, once
        value = name if name in self._pictures else rule.value
        event: FiredEffect = {"n": self._count, "effect": rule.effect, "value": value}
        self._fired.append((self._clock(), event))

    def stop(self) -> None:
        """Stop everything: nothing more is carried out, and what waits is dropped."""
        with self._lock:
            self._stop_all()

    def _stop_all(self) -> None:
        self.stopped = True
        self._fired.clear()
        self._machine.drop_waiting()

    def receive(self, command: Mapping[str, Any]) -> None:
        """Receive the page's `stop` or `go`."""
        if command.get("kind") == "stop":
            self.stop()
        elif command.get("kind") == "go":
            self.stopped = False

    def pictures(self) -> dict[str, str]:
        """Return the uploaded pictures of the rules, as data URLs by the value of their events."""
        return self._pictures

    def state(self) -> EffectsState:
        """Return what the page shows and what it has to do."""
        with self._lock:
            now_s = self._clock()
            while self._fired and now_s - self._fired[0][0] > _SHOWN_S:
                self._fired.popleft()
            uses = {rule.effect for rule in self._engine.rules} & {"serial", "midi"}
            return {
                "on": bool(self._engine.rules),
                "stopped": self.stopped,
                "fired": [event for _, event in self._fired],
                "uses": sorted(uses),
                "text": self._text,
                "problem": self._problem or self._machine.problem,
            }


def _name_picture(rule: NewRule) -> str:
    """Return the value by which an event refers to a rule's uploaded picture."""
    return f"picture of {hashlib.sha256(rule.value.encode()).hexdigest()[:16]}"
