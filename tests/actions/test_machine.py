"""Effects of the machine: what may be done, and real packets of OSC and MQTT."""

import importlib.util
import socket
import sys
import threading

import pytest

from core.actions.machine import (
    SENDERS,
    MachineAccess,
    find_machine_access,
    list_machine_effects,
)
from core.errors import ActionError
from core.store.rules import EFFECTS, NewRule
from tests.actions.conftest import heard, osc_port
from tests.conftest import lacking
from tests.support.mqtt import mqtt_broker

OSC = NewRule("ok", "osc", "127.0.0.1:9000 /a 1")
LOCAL = {"is_local": True, "environ": {}}


def test_every_effect_of_the_machine_has_a_sender():
    assert SENDERS.keys() == {name for name, about in EFFECTS.items() if about.on_server}


def test_on_the_own_machine_all_can_be_switched_on_and_nothing_is_at_first():
    assert find_machine_access(is_on=False, **LOCAL) == MachineAccess()
    with pytest.raises(ActionError, match="is off"):
        find_machine_access(is_on=False, **LOCAL).check(OSC)
    assert find_machine_access(is_on=True, **LOCAL).effects == SENDERS.keys()
    find_machine_access(is_on=True, **LOCAL).check(OSC)
    MachineAccess().check(NewRule("ok", "confetti"))  # the browser's own affair


def test_where_others_come_only_what_the_operator_listed_can_be_switched_on():
    assert list_machine_effects(is_local=False, environ={}) == frozenset()
    environ = {"MUDRA_ACTIONS": "osc, mqtt,confetti,shell"}
    assert list_machine_effects(is_local=False, environ=environ) == {"osc", "mqtt"}
    with pytest.raises(ActionError, match=r"has not listed “127\.0\.0\.1”"):
        find_machine_access(is_on=True, is_local=False, environ=environ).check(OSC)
    environ["MUDRA_OSC_HOSTS"] = "127.0.0.1"
    access = find_machine_access(is_on=True, is_local=False, environ=environ)
    access.check(OSC)
    with pytest.raises(ActionError, match="is off"):
        access.check(NewRule("ok", "key", "a"))
    with pytest.raises(ActionError, match=r"evil\.test"):
        access.check(NewRule("ok", "mqtt", "evil.test:1883 a b"))


def test_an_osc_message_arrives_with_numbers_and_texts():
    with osc_port() as (receiver, port):
        SENDERS["osc"](NewRule("ok", "osc", f"127.0.0.1:{port} /light/1 1 -0.5 on 1e5"))
        address, values = heard(receiver)
    assert address == "/light/1" and values == [1, pytest.approx(-0.5), "on", "1e5"]


def test_an_unknown_host_is_said():
    with pytest.raises(ActionError, match="no machine is known as"):
        SENDERS["osc"](NewRule("ok", "osc", "no-such-host.invalid:9000 /a"))


@pytest.fixture
def paho():
    if importlib.util.find_spec("paho") is None:
        lacking("no paho-mqtt", "pip install -r requirements.txt")


@pytest.mark.usefixtures("paho")
def test_an_mqtt_message_arrives_at_a_broker():
    with mqtt_broker() as (port, messages):
        SENDERS["mqtt"](NewRule("ok", "mqtt", f"127.0.0.1:{port} home/light on 你好"))
        assert messages.get(timeout=5) == ("home/light", "on 你好")


@pytest.mark.usefixtures("paho")
def test_a_broker_that_is_not_there_or_says_nothing_is_no_long_wait():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(ActionError, match="took no message"):
            SENDERS["mqtt"](NewRule("ok", "mqtt", f"127.0.0.1:{port} a b"))
    with pytest.raises(ActionError, match="does not answer"):
        SENDERS["mqtt"](NewRule("ok", "mqtt", f"127.0.0.1:{port} a b"))
    assert not [t for t in threading.enumerate() if t.name.startswith("paho")]


@pytest.mark.parametrize(
    ("effect", "value", "module"),
    [
        ("next_slide", "", "pynput.keyboard"),
        ("click", "left", "pynput.mouse"),
        ("machine_midi", "note 60", "mido"),
        ("mqtt", "h:1 a b", "paho.mqtt"),
    ],
)
def test_a_missing_library_is_said_in_plain_words(monkeypatch, effect, value, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ActionError, match="not installed on the machine that runs Mudra"):
        SENDERS[effect](NewRule("ok", effect, value))
