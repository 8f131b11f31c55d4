"""Open Sound Control over UDP: sends gestures as Wekinator sends its outputs, and receives its two
messages that start and stop a recording.

Out: `/wek/outputs` with one float, the gesture's number from 1 (0: no gesture), which every
receiver made for Wekinator's classifiers understands; beside it `/mudra/gesture` with number (int),
name, emoji (strings), probability (float) and hand (string). 3-D hands
(docs/actions.md has the table): `/mudra/joints`, `/mudra/points`, `/mudra/pinch`, `/mudra/grab`.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from pythonosc.osc_packet import OscPacket
from pythonosc.udp_client import SimpleUDPClient

from core.actions.changes import Change, RateLimiter
from core.actions.hands import HandInSpace
from core.errors import ActionError, MudraError
from core.pose.types import Estimate
from core.reading.motions import Motion
from core.reading.reading import HandReading
from core.recording.plans import CONTINUOUS
from core.recording.recorder import Recorder
from core.words import words

log = logging.getLogger(__name__)

OUTPUTS, GESTURE = "/wek/outputs", "/mudra/gesture"
JOINTS, POINTS, GRIP = "/mudra/joints", "/mudra/points", "/mudra/"
START, STOP = "/wekinator/control/startRecording", "/wekinator/control/stopRecording"
OUT_PORT, IN_PORT = 12000, 6448  # Wekinator's own
LOCAL = "127.0.0.1"
HOSTS = "MUDRA_OSC_HOSTS"
_MAX_DATAGRAM_BYTES = 1024  # either message has some 40
_MAX_STARTS_PER_SECOND = 2
_POLL_S = 0.2  # how often the listener checks whether it was closed


def read_allowed_hosts(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the hosts that logged-in people may send to, from MUDRA_OSC_HOSTS."""
    hosts = (host.strip() for host in environ.get(HOSTS, "").split(","))
    return tuple(dict.fromkeys(filter(None, hosts)))


class OscOut:
    """Sends changes to a host and port over UDP; raises ActionError for an unknown host."""

    address, clients = "", 0  # receivers are unknown

    def __init__(self, host: str = LOCAL, port: int = OUT_PORT) -> None:
        self.error = ""
        try:
            # resolved once: a name would be looked up again for every message
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError, OverflowError) as error:
            raise ActionError(
                words(
                    "OSC: no machine is known as “{host}”: write an address like {example}",
                    host=host,
                    example=LOCAL,
                )
            ) from error
        self._client = SimpleUDPClient(str(found[0][4][0]), port)

    def send(self, change: Change) -> None:
        """Send a change; if it fails, the message is in `error` until the next success."""
        values = [change.number, change.name, change.emoji, change.probability, change.hand]
        self.send_messages((OUTPUTS, [float(change.number)]), (GESTURE, values))

    def send_hand(self, hand: HandInSpace) -> None:
        """Send a 3-D hand as OSC messages: joints, points, and each grip (pinch, grab)."""
        grips = [
            (f"{GRIP}{name}", [hand.hand, int(grip.on), grip.distance, *grip.at.tolist()])
            for name, grip in hand.grips.items()
        ]
        self.send_messages(
            (JOINTS, [hand.hand, hand.origin, *hand.joints_mm.ravel().tolist()]),
            (POINTS, [hand.hand, *hand.points.ravel().tolist()]),
            *grips,
        )

    def send_messages(self, *messages: tuple[str, list[Any]]) -> None:
        """Send (address, values) messages; a failure is stored in `error`, not raised."""
        try:
            for address, values in messages:
                self._client.send_message(address, values)
            self.error = ""
        except OSError as error:
            self.error = words(
                "OSC could not be sent ({error}): is the host right?",
                error=error.strerror or str(error),
            )

    def close(self, *, wait: bool = False) -> None:
        """Close the socket; there is nothing to wait for."""
        self._client.close()


class RecordingRemote:
    """Starts and stops recordings by OSC from this machine; implements `StreamListener`.
    `last_command` and its `error` are texts for the page, "" for none. Raise ActionError if the
    port is in use."""

    def __init__(self, port: int = IN_PORT, clock: Callable[[], float] = time.monotonic) -> None:
        self.last_command = self.error = ""
        self._clock, self._starts = clock, RateLimiter(_MAX_STARTS_PER_SECOND)
        self._target: tuple[Recorder, int] | None = None
        self._closed = threading.Event()
        self._socket = _bind_udp_socket(port)
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run_listener, name="mudra-osc-in", daemon=True)
        self._thread.start()

    def set_target(self, recorder: Recorder, gesture_id: int) -> None:
        """Set the recorder and the gesture to record on start."""
        self._target = (recorder, gesture_id)

    def offer(
        self,
        hands: tuple[HandReading, ...],
        time_s: float,
        estimate: Estimate,
        motions: tuple[Motion, ...] = (),
    ) -> None:
        """Do nothing: recording doesn't depend on the recognised gestures."""

    def close(self) -> None:
        """Stop listening; the port is released within _POLL_S."""
        self._closed.set()

    def _run_listener(self) -> None:
        """Receive datagrams and run their commands until closed."""
        with self._socket:
            while not self._closed.is_set():
                try:
                    data = self._socket.recv(_MAX_DATAGRAM_BYTES + 1)
                except TimeoutError:
                    continue
                except OSError:
                    return
                for address in _parse_osc_addresses(data):
                    self._run_command(address)

    def _run_command(self, address: str) -> None:
        """Start or stop a recording by an OSC address. Ignore other addresses, frequent starts, and
        commands before a target is set. Failures are in `error`."""
        if self._target is None or address not in (START, STOP):
            return
        recorder, gesture_id = self._target
        try:
            if address == STOP:
                recorder.stop(wait=False)
            elif recorder.status().state == "idle" and self._starts.allow(self._clock()):
                recorder.start(gesture_id, CONTINUOUS)
            self.error = ""
        except MudraError as error:
            self.error = words("“{address}” failed: {error}", address=address, error=error.text)
        except Exception:  # else the listener would end silently
            log.exception("an OSC command failed")
            self.error = words("“{address}” failed: see the terminal", address=address)
        command = address.rpartition("/")[2]
        self.last_command = words(
            "{command} at {time}", command=command, time=time.strftime("%H:%M:%S")
        )


def _bind_udp_socket(port: int) -> socket.socket:
    """Open a UDP socket that receives only from this machine; raise ActionError if in use."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.settimeout(_POLL_S)
    try:
        listener.bind((LOCAL, port))
    except OSError as error:
        listener.close()
        raise ActionError(
            words(
                "OSC: port {port} can't be used ({error}): choose another, or close "
                "the program (or the tab of Mudra) that uses it",
                port=port,
                error=error.strerror,
            )
        ) from error
    return listener


def _parse_osc_addresses(data: bytes) -> list[str]:
    """Return the OSC addresses of a datagram's messages, in order; [] if it is invalid or too
    large.

    Addresses are compared literally: with patterns ("/wek*"), untrusted text would be run as a
    regular expression.
    """
    if len(data) > _MAX_DATAGRAM_BYTES:
        return []
    try:
        return [timed.message.address for timed in OscPacket(data).messages]
    except Exception:  # python-osc raises various errors for broken packets
        return []
