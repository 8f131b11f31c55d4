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
from core.words import count_words, mark, words

BEGIN, END, HELD = "begin", "end", "held"
MOMENTS = {BEGIN: mark("begins"), END: mark("ends"), HELD: mark("is held")}
_SENTENCES = {
    # Translators: the effect continues the sentence, like “plays the note C4”
    BEGIN: mark("When {gesture} begins, it {effect}."),
    END: mark("When {gesture} ends, it {effect}."),
    HELD: mark("When {gesture} is held for {seconds:g} s, it {effect}."),
}
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
_MIDI_HINT = mark("“note 60”, or “cc 7 100” for controller 7 with the value 100")
_KEYS = (
    r"[a-z0-9]|left|right|up|down|space|enter|esc|tab|backspace|delete|home|end|page_up|page_down"
)
_KEYS += r"|f(?:1[0-2]|[1-9])|media_play_pause|media_next|media_previous|media_volume_(?:up|down)"


@dataclass(frozen=True)
class Effect:
    """What a rule can do.

    Attributes:
        title: in menus.
        words: what it does in words, with {value} for the value; continues “When …, it”.
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
    "note": Effect(
        mark("Play a note"),
        mark("plays the note {value}"),
        r"[A-G]#?[0-8]",
        mark("C4 or F#3"),
        "C4",
    ),
    "speak": Effect(
        mark("Say something"),
        mark("says “{value}”"),
        rf"{_LINE}{{1,100}}",
        mark("what is said, up to 100 letters"),
    ),
    "picture": Effect(
        mark("Show a big picture"),
        mark("shows {value} on the whole screen"),
        rf"{_LINE}{{1,16}}|{PICTURE}[A-Za-z0-9+/]+={{0,2}}",
        mark("an emoji or a short word, or upload a picture"),
        "🎉",
    ),
    "confetti": Effect(mark("Throw confetti"), mark("throws confetti")),
    "page": Effect(
        mark("Open a web page"),
        mark("opens the web page {value}"),
        r"https?://[A-Za-z0-9\[][^\s\x00-\x1f\x7f@\\<>\"'`]{0,500}",
        mark("an address like https://example.org"),
        "https://",
    ),
    "midi": Effect(
        mark("Send MIDI from this browser"),
        mark("sends MIDI: {value}"),
        _MIDI,
        _MIDI_HINT,
        "note 60",
    ),
    "serial": Effect(
        mark("Send a line to a serial port"),
        mark("sends “{value}” to the serial port"),
        rf"{_LINE}{{1,100}}",
        mark("a line for a micro:bit or an Arduino"),
        "on",
    ),
    "stop": Effect(mark("Stop all actions"), mark("stops all actions")),
    "next_slide": Effect(
        mark("Next slide"),
        mark("presses → on the machine that runs Mudra (next slide)"),
        on_server=True,
    ),
    "previous_slide": Effect(
        mark("Previous slide"),
        mark("presses ← on the machine that runs Mudra (previous slide)"),
        on_server=True,
    ),
    "key": Effect(
        mark("Press a key"),
        mark("presses {value} on the machine that runs Mudra"),
        rf"(?:(?:ctrl|shift|alt|cmd)\+){{0,3}}(?:{_KEYS})",
        mark("a key like space, f5 or ctrl+right"),
        "space",
        on_server=True,
    ),
    "click": Effect(
        mark("Click the mouse"),
        mark("clicks the {value} mouse button on the machine that runs Mudra"),
        r"left|right|middle",
        mark("left, right or middle"),
        "left",
        on_server=True,
    ),
    "machine_midi": Effect(
        mark("Send MIDI from the machine that runs Mudra"),
        mark("sends MIDI from the machine that runs Mudra: {value}"),
        _MIDI,
        _MIDI_HINT,
        "note 60",
        on_server=True,
    ),
    "osc": Effect(
        mark("Send an OSC message"),
        mark("sends the OSC message {value}"),
        rf"{_HOST} (?P<address>/[A-Za-z0-9_/.-]{{1,100}})(?: (?P<text>{_LINE}{{1,100}}))?",
        mark("machine, address and values, like 127.0.0.1:9000 /light 1"),
        "127.0.0.1:9000 /light 1",
        on_server=True,
        needs_host=True,
    ),
    "mqtt": Effect(
        mark("Publish an MQTT message"),
        mark("publishes the MQTT message {value}"),
        rf"{_HOST} (?P<address>(?:(?![+#\s]){_LINE}){{1,100}})(?: (?P<text>{_LINE}{{1,100}}))?",
        mark("broker, topic and message, like 127.0.0.1:1883 home/light on"),
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
            raise ActionError(
                words("a gesture is held for 0.1 to {seconds:.0f} s", seconds=MAX_HOLD_S)
            )
        if not 0 <= self.cooldown_s <= MAX_COOLDOWN_S:
            raise ActionError(
                words("the pause after an action is 0 to {seconds:.0f} s", seconds=MAX_COOLDOWN_S)
            )

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
            raise ActionError(words("the picture of an action is damaged")) from error

    def describe(self, gesture: str) -> str:
        """Return what the rule does, as a sentence that calls its gesture so."""
        value = words("a picture") if self.value.startswith(PICTURE) else self.value
        effect = words(EFFECTS[self.effect].words, value=value)
        return words(_SENTENCES[self.moment], gesture=gesture, seconds=self.seconds, effect=effect)


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
        problem, advice = words("something is missing"), words("it takes no value")
        if value:
            problem = words("“{value}” can't be used", value=value[:60])
        if about.pattern:
            advice = words("write {hint}", hint=words(about.hint))
        raise ActionError(
            words(
                "{action}: {problem}: {advice}",
                action=words(about.title),
                problem=problem,
                advice=advice,
            )
        )
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
    title = count_words(len(new), "Added an action", "Added {n} actions")
    with store.begin_undoable(project_id, title) as undo_log:
        if (undo_log.connection.scalar(count) or 0) + len(new) > MAX_RULES:
            raise ActionError(
                words("a project has at most {n} actions: delete some first", n=MAX_RULES)
            )
        row = {"project_id": project_id, "enabled": True, "confirmed": True}
        ids = [insert_row(undo_log.connection, t.rules, asdict(one) | row) for one in new]
        undo_log.record_inserts(t.rules, ids)


def update_rule(store: Database, rule: Rule, **changes: Any) -> None:
    """Change columns of a rule; can be undone. Raise ActionError if it becomes invalid."""
    replace(rule, **changes)
    title = mark("Changed an action")
    if changes.keys() <= {"enabled", "confirmed"}:
        on, off = mark("Switched an action on"), mark("Switched an action off")
        title = on if changes.get("enabled", rule.enabled) else off
    store.update_rows(t.rules, [rule.id], title, **changes)


def delete_rule(store: Database, rule: Rule) -> None:
    """Put a rule into the bin; can be undone."""
    store.update_rows(t.rules, [rule.id], mark("Deleted an action"), deleted_at=now())
