"""What every kind of output does, over the table of them, each with a receiver of its own."""

import json
from contextlib import contextmanager
from dataclasses import fields

import pytest

from core.actions.actions import OUTPUTS, Settings
from core.actions.websocket import new_token
from tests.actions.conftest import connect, heard, osc_port, reading
from tests.conftest import wait_until


@contextmanager
def osc_receiver(actions):
    """Switches OSC on; gives what receives the number of the next gesture."""
    with osc_port() as (receiver, port):
        actions.configure(Settings(osc=True, osc_port=port))

        def receive():
            while (message := heard(receiver))[0] != "/wek/outputs":
                pass
            return message[1][0]

        yield receive


@contextmanager
def websocket_client(actions):
    """The same of the WebSocket."""
    actions.configure(Settings(websocket=True, websocket_port=0, token=new_token()))
    with connect(actions.status().address) as client:
        wait_until(lambda: actions.status().clients == 1)
        yield lambda: json.loads(client.recv(5))["gesture"]


WORKING = Settings(osc=True, websocket=True, websocket_port=0, token=new_token())
# by kind: a receiver, and settings with which its output can't be opened
RECEIVERS = {"osc": osc_receiver, "websocket": websocket_client}
FAULTY = {
    "osc": Settings(osc=True, osc_host="no-such-host.invalid"),
    "websocket": Settings(websocket=True, websocket_port=0, token="short"),
}


def test_every_kind_has_a_switch_that_is_off_and_a_receiver_here():
    switches = {field.name: field.default for field in fields(Settings)}
    assert {kind: switches[kind] for kind in OUTPUTS} == dict.fromkeys(OUTPUTS, False)
    assert set(OUTPUTS) == set(RECEIVERS) == set(FAULTY)


@pytest.mark.parametrize("closed", [False, True], ids=["switched off", "closed"])
@pytest.mark.parametrize("kind", OUTPUTS)
def test_an_output_tells_a_gesture_and_takes_it_back_at_its_end(kind, actions, closed):
    assert Settings(**{kind: True}).any_on
    with RECEIVERS[kind](actions) as receive:
        actions.offer((reading("fist"),), 1.0)
        assert receive() == 5 and actions.status().sent == 1
        if closed:
            actions.close()
            actions.configure(WORKING)  # the page had not yet heard that the stream ended
        else:
            actions.configure(Settings())
        assert receive() == 0
    assert actions.status().address == "" and actions.status().clients == 0
    told = actions.offer((reading("ok"),), 2.0)  # to nobody
    assert bool(told) != closed and actions.status().sent == 2


@pytest.mark.parametrize("kind", OUTPUTS)
def test_an_output_that_can_not_be_opened_is_said_until_it_is_switched_off(kind, actions):
    actions.configure(FAULTY[kind])
    [error] = actions.status().errors
    assert "short" not in error and actions.status().address == ""
    actions.configure(Settings())
    assert actions.status().errors == ()
