"""Rules of a project: when a gesture begins, ends or is held, then an effect. Rows of one table.

`EFFECTS` is the whole list of effects, with what their values look like. Every value is checked
when a rule is stored and when a project file is read: files come from strangers.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sqlalchemy import func, select

from core.errors import ActionError
from core.gestures.labels import safe_name
from core.store.database import schema as t
from core.store.database.transactions import Database, insert_row
from core.store.rows import now

BEGIN, END, HELD = "begin", "end", "held"
MOMENTS = {BEGIN: "begins", END: "ends", HELD: "is held"}
MAX_RULES = 50  # of a project
MAX_HOLD_S, MAX_COOLDOWN_S = 60.0, 600.0
PICTURE = "data:image/webp;base64,"  # an uploaded picture's value begins so
MAX_PICTURE_BYTES = 500_000
MAX_VALUE_CHARS = MAX_PICTURE_BYTES * 4 // 3 + 100

_PORT = r"(?:6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]\d{4}|[1-9]\d{0,3})"
_HOST = rf"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{{0,251}}[A-Za-z0-9])?):(?P<port>{_PORT})"
_LINE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"  # printed on one line
_BYTE = r"(?:12[0-7]|1[01]\d|[1-9]?\d)"  # 0 to 127
_MIDI = rf"(?P<kind>note|cc) (?P<number>{_BYTE})(?: (?P<amount>{_BYTE}))?"
_MIDI_HINT = "“note 60”, or “cc 7 100” for controller 7 with the value 100"
_KEYS = (
    r"[a-z0-9]|left|right|up|down|space|enter|esc|tab|backspace|delete|home|end|page_up|page_down"
)
_KEYS += r"|f(?:1[0-2]|[1-9])|media_play_pause|media_next|media_previous|media_volume_(?:up|down)"


@dataclass(frozen=True)
class Effect:
    """What a rule can do.

    Attributes:
        title: in menus.
        words: what it does in words, with {} for the value.
        pattern: regular expression of all valid values; "" if it takes none.
        hint: how a value is written.
        default: the first value.
        on_server: done by the machine that runs Mudra, instead of the browser.
        needs_host: whether the value names another machine, as groups `host` and `port`.
    """

    title: str
    words: str
    pattern: str = ""
    hint: str = ""
    default: str = ""
    on_server: bool = False
    needs_host: bool = False


EFFECTS = {
    "note": Effect("Play a note", "plays the note {}", r"[A-G]#?[0-8]", "C4 or F#3", "C4"),
    "speak": Effect(
        "Say something", "says “{}”", rf"{_LINE}{{1,100}}", "what is said, up to 100 letters"
    ),
    "picture": Effect(
        "Show a big picture",
        "shows {} on the whole screen",
        rf"{_LINE}{{1,16}}|{PICTURE}[A-Za-z0-9+/]+={{0,2}}",
        "an emoji or a short word, or upload a picture",
        "🎉",
    ),
    "confetti": Effect("Throw confetti", "throws confetti"),
    "page": Effect(
        "Open a web page",
        "opens the web page {}",
        r"https?://[A-Za-z0-9\[][^\s\x00-\x1f\x7f@\\<>\"'`]{0,500}",
        "an address like https://example.org",
        "https://",
    ),
    "midi": Effect("Send MIDI from this browser", "sends MIDI: {}", _MIDI, _MIDI_HINT, "note 60"),
    "serial": Effect(
        "Send a line to a serial port",
        "sends “{}” to the serial port",
        rf"{_LINE}{{1,100}}",
        "a line for a micro:bit or an Arduino",
        "on",
    ),
    "stop": Effect("Stop all actions", "stops all actions"),
    "next_slide": Effect(
        "Next slide", "presses → on the machine that runs Mudra (next slide)", on_server=True
    ),
    "previous_slide": Effect(
        "Previous slide",
        "presses ← on the machine that runs Mudra (previous slide)",
        on_server=True,
    ),
    "key": Effect(
        "Press a key",
        "presses {} on the machine that runs Mudra",
        rf"(?:(?:ctrl|shift|alt|cmd)\+){{0,3}}(?:{_KEYS})",
        "a key like space, f5 or ctrl+right",
        "space",
        on_server=True,
    ),
    "click": Effect(
        "Click the mouse",
        "clicks the {} mouse button on the machine that runs Mudra",
        r"left|right|middle",
        "left, right or middle",
        "left",
        on_server=True,
    ),
    "machine_midi": Effect(
        "Send MIDI from the machine that runs Mudra",
        "sends MIDI from the machine that runs Mudra: {}",
        _MIDI,
        _MIDI_HINT,
        "note 60",
        on_server=True,
    ),
    "osc": Effect(
        "Send an OSC message",
        "sends the OSC message {}",
        rf"{_HOST} (?P<address>/[A-Za-z0-9_/.-]{{1,100}})(?: (?P<text>{_LINE}{{1,100}}))?",
        "machine, address and values, like 127.0.0.1:9000 /light 1",
        "127.0.0.1:9000 /light 1",
        on_server=True,
        needs_host=True,
    ),
    "mqtt": Effect(
        "Publish an MQTT message",
        "publishes the MQTT message {}",
        rf"{_HOST} (?P<address>(?:(?![+#\s]){_LINE}){{1,100}})(?: (?P<text>{_LINE}{{1,100}}))?",
        "broker, topic and message, like 127.0.0.1:1883 home/light on",
        "127.0.0.1:1883 home/light on",
        on_server=True,
        needs_host=True,
    ),
}


@dataclass(frozen=True)
class NewRule:
    """When `gesture` begins, ends or has been held for `seconds`, then `effect` with `value`, at
    most once in `cooldown_s`. Raise ActionError if a part of it is invalid."""

    gesture: str  # name
    effect: str  # key of EFFECTS
    value: str = ""
    moment: str = BEGIN
    seconds: float = 1.0  # only for HELD
    cooldown_s: float = 1.0

    def __post_init__(self) -> None:
        safe_name(self.gesture)
        check_value(self.effect, self.value)
        if self.moment not in MOMENTS:
            raise ActionError(f"an action happens at {', '.join(MOMENTS)}, not “{self.moment}”")
        if not 0.1 <= self.seconds <= MAX_HOLD_S:
            raise ActionError(f"a gesture is held for 0.1 to {MAX_HOLD_S:.0f} s")
        if not 0 <= self.cooldown_s <= MAX_COOLDOWN_S:
            raise ActionError(f"the pause after an action is 0 to {MAX_COOLDOWN_S:.0f} s")

    @property
    def words(self) -> str:
        """What the rule does, as a sentence."""
        return self.describe(self.gesture)

    @property
    def picture(self) -> bytes:
        """The uploaded picture that it shows; b"" if there is none. Raise ActionError if it is
        damaged."""
        try:
            encoded = self.value.removeprefix(PICTURE) if self.value.startswith(PICTURE) else ""
            return base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ActionError("the picture of an action is damaged") from error

    def describe(self, gesture: str) -> str:
        """Return what the rule does, as a sentence that calls its gesture so."""
        held = f" for {self.seconds:g} s" if self.moment == HELD else ""
        value = "a picture" if self.value.startswith(PICTURE) else self.value
        effect = EFFECTS[self.effect].words.format(value)
        return f"When {gesture} {MOMENTS[self.moment]}{held}, it {effect}."


@dataclass(frozen=True)
class Rule(NewRule):
    """A stored rule. It acts if it is `enabled` and `confirmed`; those of an imported project are
    neither until somebody has read and confirmed them."""

    id: int = 0
    enabled: bool = True
    confirmed: bool = True


def check_value(effect: str, value: str) -> str:
    """Return an effect's value; raise ActionError for an unknown effect or an invalid value."""
    if effect not in EFFECTS:
        raise ActionError(f"there is no action “{effect[:40]}”")
    about = EFFECTS[effect]
    if len(value) > MAX_VALUE_CHARS or not re.fullmatch(about.pattern, value):
        shown = f"“{value[:60]}” can't be used" if value else "something is missing"
        wanted = f"write {about.hint}" if about.pattern else "it takes no value"
        raise ActionError(f"{about.title}: {shown}: {wanted}")
    return value


def list_rules(store: Database, project_id: int) -> list[Rule]:
    """Return a project's rules, oldest first."""
    of = t.rules.c
    found = select(t.rules).where(of.project_id == project_id, store.is_own(of.project_id))
    rows = store.fetch_all(t.filter_deleted(found, t.rules).order_by(of.id))
    return [
        Rule(**{field.name: getattr(row, field.name) for field in fields(Rule)}) for row in rows
    ]


def add_rules(store: Database, project_id: int, new: Sequence[NewRule]) -> None:
    """Add rules to a project as one undoable action; raise ActionError if they become too many."""
    of = t.rules.c
    count = select(func.count()).where(of.project_id == project_id, of.deleted_at.is_(None))
    title = "Added an action" if len(new) == 1 else f"Added {len(new)} actions"
    with store.begin_undoable(project_id, title) as undo_log:
        if (undo_log.connection.scalar(count) or 0) + len(new) > MAX_RULES:
            raise ActionError(f"a project has at most {MAX_RULES} actions: delete some first")
        row = {"project_id": project_id, "enabled": True, "confirmed": True}
        ids = [insert_row(undo_log.connection, t.rules, asdict(one) | row) for one in new]
        undo_log.record_inserts(t.rules, ids)


def update_rule(store: Database, rule: Rule, **changes: Any) -> None:
    """Change columns of a rule; can be undone. Raise ActionError if it becomes invalid."""
    replace(rule, **changes)
    title = "Changed an action"
    if changes.keys() <= {"enabled", "confirmed"}:
        title = f"Switched an action {'on' if changes.get('enabled', rule.enabled) else 'off'}"
    store.update_rows(t.rules, [rule.id], title, **changes)


def delete_rule(store: Database, rule: Rule) -> None:
    """Put a rule into the bin; can be undone."""
    store.update_rows(t.rules, [rule.id], "Deleted an action", deleted_at=now())
