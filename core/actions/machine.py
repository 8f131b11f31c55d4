"""Effects on the machine that runs Mudra: keys, mouse, MIDI, OSC and MQTT.

They are off until somebody switches them on. Where people log in, or others reach the studio over
the network, only those that the operator listed in MUDRA_ACTIONS can be used, and messages go only
to the machines in MUDRA_OSC_HOSTS. Libraries are imported when an effect first needs them.
"""

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.actions.osc import OscOut, read_allowed_hosts
from core.errors import ActionError
from core.store.rules import EFFECTS, NewRule
from core.words import words

log = logging.getLogger(__name__)

ACTIONS = "MUDRA_ACTIONS"
_MAX_WAITING = 8
_NOTE_S, _MQTT_S = 0.3, 3.0


@dataclass(frozen=True)
class MachineAccess:
    """Which effects of the machine a visitor may use, and to which hosts; by default none."""

    effects: frozenset[str] = frozenset()
    hosts: tuple[str, ...] | None = None  # None: any

    def check(self, rule: NewRule) -> None:
        """Raise ActionError if the rule's effect, or its host, is not allowed."""
        about = EFFECTS[rule.effect]
        if not about.on_server:
            return
        if rule.effect not in self.effects:
            raise ActionError(
                words(
                    "“{effect}” is off: switch on “Actions on this machine” in Settings",
                    effect=words(about.title),
                )
            )
        host = _parse_value(rule)["host"] if about.needs_host else ""
        if host and self.hosts is not None and host not in self.hosts:
            raise ActionError(
                words("the operator of this studio has not listed “{host}”", host=host)
            )


def find_machine_access(
    *, is_on: bool, is_local: bool, environ: Mapping[str, str] = os.environ
) -> MachineAccess:
    """Return what may be used.

    Args:
        is_on: whether the visitor has switched the machine's effects on.
        is_local: whether nobody but the person at this machine reaches the studio.
    """
    if not is_on:
        return MachineAccess()
    effects = list_machine_effects(is_local=is_local, environ=environ)
    return MachineAccess(effects, None if is_local else read_allowed_hosts(environ))


def list_machine_effects(
    *, is_local: bool, environ: Mapping[str, str] = os.environ
) -> frozenset[str]:
    """Return the effects that can be switched on: all, or those that the operator listed."""
    known = frozenset(name for name, about in EFFECTS.items() if about.on_server)
    if is_local:
        return known
    return known & {name.strip() for name in environ.get(ACTIONS, "").split(",")}


def _parse_value(rule: NewRule) -> dict[str, str]:
    """Return the named parts of a rule's value; missing ones are ""."""
    match = re.fullmatch(EFFECTS[rule.effect].pattern, rule.value)
    assert match is not None  # the rule was checked
    return match.groupdict("")


class MachineEffects:
    """Starts effects one after the other, beside the stream; `problem` is the last failure."""

    def __init__(self, senders: Mapping[str, Callable[[NewRule], None]] | None = None) -> None:
        self.problem = ""
        self._senders = SENDERS if senders is None else senders
        self._waiting, self._round = 0, 0
        self._one_by_one, self._lock = threading.Lock(), threading.Lock()

    def send(self, rule: NewRule) -> None:
        """Start a rule's effect in a thread; raise ActionError if too many are waiting."""
        with self._lock:
            if self._waiting >= _MAX_WAITING:
                raise ActionError(words("actions come faster than they can be carried out"))
            self._waiting += 1
            number = self._round
        threading.Thread(
            target=self._run_effect, args=(rule, number), name="mudra-effect", daemon=True
        ).start()

    def drop_waiting(self) -> None:
        """Don't start the effects that are waiting."""
        with self._lock:
            self._round += 1

    def _run_effect(self, rule: NewRule, number: int) -> None:
        try:
            with self._one_by_one:
                if number == self._round:
                    self._senders[rule.effect](rule)
                    self.problem = ""
        except ActionError as error:
            self.problem = error.text
        except Exception as error:  # libraries raise whatever they like
            log.exception("an action failed")
            title = words(EFFECTS[rule.effect].title)
            self.problem = words("“{effect}” failed: {error}", effect=title, error=str(error))
        finally:
            with self._lock:
                self._waiting -= 1


def _press_key(rule: NewRule) -> None:
    """Press a key with its modifiers and release it."""
    names = {"next_slide": "right", "previous_slide": "left"}
    *modifiers, name = names.get(rule.effect, rule.value).split("+")
    try:
        from pynput.keyboard import Controller, Key
    except ImportError as error:  # also where there is no screen
        raise _explain_import(words("Keys"), "pynput", error) from error
    keyboard = Controller()
    with keyboard.pressed(*(Key[one] for one in modifiers)):
        keyboard.tap(name if len(name) == 1 else Key[name])


def _click_mouse(rule: NewRule) -> None:
    """Click a mouse button where the pointer is."""
    try:
        from pynput.mouse import Button, Controller
    except ImportError as error:
        raise _explain_import(words("Clicks"), "pynput", error) from error
    Controller().click(Button[rule.value])


def _send_midi(rule: NewRule) -> None:
    """Send a note of _NOTE_S, or a controller's value, to the first MIDI output."""
    try:
        import mido

        names = mido.get_output_names()
    except ImportError as error:
        raise _explain_import("MIDI", "mido with python-rtmidi", error) from error
    if not names:
        raise ActionError(words("MIDI: no output is connected to the machine that runs Mudra"))
    value = _parse_value(rule)
    number, amount = int(value["number"]), int(value["amount"] or 100)
    with mido.open_output(names[0]) as output:
        if value["kind"] == "cc":
            output.send(mido.Message("control_change", control=number, value=amount))
            return
        output.send(mido.Message("note_on", note=number, velocity=amount))
        time.sleep(_NOTE_S)
        output.send(mido.Message("note_off", note=number))


def _send_osc(rule: NewRule) -> None:
    """Send an OSC message; each word is a whole number, a number, or a text."""
    value = _parse_value(rule)
    output = OscOut(value["host"], int(value["port"]))
    output.send_messages((value["address"], [_read_word(word) for word in value["text"].split()]))
    output.close()
    if output.error:
        raise ActionError(output.error)


def _read_word(word: str) -> int | float | str:
    """Return a word as a number if it is written as one."""
    if re.fullmatch(r"-?\d{1,9}", word):
        return int(word)
    return float(word) if re.fullmatch(r"-?\d{1,9}\.\d{1,9}", word) else word


def _publish_mqtt(rule: NewRule) -> None:
    """Publish an MQTT message, once and without a name or password."""
    try:
        from paho.mqtt import client as mqtt
    except ImportError as error:
        raise _explain_import("MQTT", "paho-mqtt", error) from error
    value = _parse_value(rule)
    client, is_accepted = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2), threading.Event()
    client.connect_timeout = _MQTT_S

    def note_answer(_client: object, _data: object, _flags: object, reason: Any, _: object) -> None:
        if not reason.is_failure:
            is_accepted.set()

    client.on_connect = note_answer
    try:
        client.connect(value["host"], int(value["port"]))
        client.loop_start()
        is_sent = is_accepted.wait(_MQTT_S)
        if is_sent:
            client.publish(value["address"], value["text"]).wait_for_publish(_MQTT_S)
    except (OSError, RuntimeError) as error:
        text = words("MQTT: {host} does not answer ({error})", host=value["host"], error=str(error))
        raise ActionError(text) from error
    finally:
        client.disconnect()
        client.loop_stop()
    if not is_sent:
        raise ActionError(
            words(
                "MQTT: {host} took no message within {seconds:.0f} s",
                host=value["host"],
                seconds=_MQTT_S,
            )
        )


def _explain_import(what: str, library: str, error: ImportError) -> ActionError:
    """Return the error of a library that is missing, or that this machine can't run."""
    if isinstance(error, ModuleNotFoundError):
        return ActionError(
            words(
                "{what} need {library}, which is not installed on the machine that runs Mudra: "
                "docs/actions.md says how",
                what=what,
                library=library,
            )
        )
    return ActionError(
        words("{what} can't be sent on this machine: it has no screen of its own", what=what)
    )


SENDERS: dict[str, Callable[[NewRule], None]] = {
    "next_slide": _press_key,
    "previous_slide": _press_key,
    "key": _press_key,
    "click": _click_mouse,
    "machine_midi": _send_midi,
    "osc": _send_osc,
    "mqtt": _publish_mqtt,
}
