"""Readings to tell about, an ear for OSC and clients of the WebSocket."""

import socket
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage
from websockets.sync.client import connect as connect_by_proxy

from core.actions.actions import Actions
from core.gestures.labels import DEFAULT_GESTURES
from core.pose.types import Pose
from core.reading.reading import HandReading

NAMES = {gesture.name: gesture for gesture in DEFAULT_GESTURES}
POSE = Pose(np.zeros((21, 2), np.float32), np.ones(21, np.float32))

# a proxy may be set: MediaPipe's reports are sent to none
connect = partial(connect_by_proxy, proxy=None)


def reading(name, probability=0.9, hand="Right"):
    """A hand that is said to show a gesture, None for no gesture."""
    row = tuple((g, probability if g.name == name else 0.01) for g in DEFAULT_GESTURES)
    return HandReading(POSE, NAMES[name] if name else None, row, hand)


@contextmanager
def osc_port():
    """A UDP socket as a receiver, with its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        yield receiver, receiver.getsockname()[1]


def heard(receiver):
    """The address and values of the next OSC message."""
    message = OscMessage(receiver.recv(4000))
    return message.address, message.params


@pytest.fixture
def actions():
    actions = Actions()
    yield actions
    actions.close()
