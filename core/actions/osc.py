"""Open Sound Control over UDP: gestures out as Wekinator sends its outputs, and its two messages
that start and stop a recording in.

Out: `/wek/outputs` with one float, the gesture's number from 1 (0: no gesture), which every
receiver made for Wekinator's classifiers understands; beside it `/mudra/gesture` with number (int),
name, emoji (strings), probability (float) and hand (string). Hands in space, where they are told
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

from core.actions.changes import Change, RateLimit
from core.actions.hands import HandInSpace
from core.errors import ActionError, MudraError
from core.pose.types import Estimate
from core.reading.motions import Motion
from core.reading.reading import HandReading
from core.recording.plans import CONTINUOUS
from core.recording.recorder import Recorder

log = logging.getLogger(__name__)

OUTPUTS, GESTURE = "/wek/outputs", "/mudra/gesture"
JOINTS, POINTS, GRIP = "/mudra/joints", "/mudra/points", "/mudra/"
START, STOP = "/wekinator/control/startRecording", "/wekinator/control/stopRecording"
OUT_PORT, IN_PORT = 12000, 6448  # Wekinator's own
LOCAL = "127.0.0.1"
HOSTS = "MUDRA_OSC_HOSTS"
_MAX_DATAGRAM = 1024  # either message has some 40 bytes
_STARTS_A_SECOND = 2
_POLL_S = 0.2  # the listener looks so often whether it is to end


def listed_hosts(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The machines that people who log in may send to, separated by commas in MUDRA_OSC_HOSTS."""
    hosts = (host.strip() for host in environ.get(HOSTS, "").split(","))
    return tuple(dict.fromkeys(filter(None, hosts)))


class OscOut:
    """Sends changes to a host and port; UDP does not tell whether anybody listens.

    Raises:
        ActionError: a host that isn't known.
    """

    address, clients = "", 0  # it sends to receivers that it doesn't know

    def __init__(self, host: str = LOCAL, port: int = OUT_PORT) -> None:
        self.error = ""
        try:
            # the address now: a name would be looked up again for every message
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError, OverflowError) as error:
            raise ActionError(
                f"OSC: no machine is known as “{host}”: write an address like {LOCAL}"
            ) from error
        self._client = SimpleUDPClient(str(found[0][4][0]), port)

    def send(self, change: Change) -> None:
        """Send it; what goes wrong stands in `error` until it goes well."""
        about = [change.number, change.name, change.emoji, change.probability, change.hand]
        self._send((OUTPUTS, [float(change.number)]), (GESTURE, about))

    def send_hand(self, hand: HandInSpace) -> None:
        """Send a frame's, in a message for each thing that is known of it."""
        grips = [
            (f"{GRIP}{name}", [hand.hand, int(grip.on), grip.distance, *grip.at.tolist()])
            for name, grip in hand.grips.items()
        ]
        self._send(
            (JOINTS, [hand.hand, hand.origin, *hand.joints_mm.ravel().tolist()]),
            (POINTS, [hand.hand, *hand.points.ravel().tolist()]),
            *grips,
        )

    def _send(self, *messages: tuple[str, list[Any]]) -> None:
        try:
            for address, values in messages:
                self._client.send_message(address, values)
            self.error = ""
        except OSError as error:
            self.error = f"OSC could not be sent ({error.strerror or error}): is the host right?"

    def close(self, *, wait: bool = False) -> None:
        """Free the socket; there is nothing to wait for."""
        self._client.close()


class RecordingRemote:
    """Lets OSC start and stop recordings; listens on this machine alone. A live.Companion.

    Attributes:
        said: what came last, for the page; "" before.
        error: why the last message could not be obeyed, "" when it was.

    Raises:
        ActionError: the port is in use.
    """

    def __init__(self, port: int = IN_PORT, clock: Callable[[], float] = time.monotonic) -> None:
        self.last_command = self.error = ""
        self._clock, self._starts = clock, RateLimit(_STARTS_A_SECOND)
        self._aim: tuple[Recorder, int] | None = None
        self._closed = threading.Event()
        self._socket = _listening(port)
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._listen, name="mudra-osc-in", daemon=True)
        self._thread.start()

    def aim(self, recorder: Recorder, gesture_id: int) -> None:
        """What a start records from now on."""
        self._aim = (recorder, gesture_id)

    def offer(
        self,
        hands: tuple[HandReading, ...],
        time_s: float,
        estimate: Estimate,
        made: tuple[Motion, ...] = (),
    ) -> None:
        """Nothing: a recording does not depend on what the hands mean."""

    def close(self) -> None:
        """Listen no more; the port is free within _LOOK_S."""
        self._closed.set()

    def wait_closed(self) -> None:
        """Close and wait until the port is free."""
        self.close()
        self._thread.join(2)

    def _listen(self) -> None:
        with self._socket:
            while not self._closed.is_set():
                try:
                    data = self._socket.recv(_MAX_DATAGRAM + 1)
                except TimeoutError:
                    continue
                except OSError:
                    return
                for address in _addresses(data):
                    self._obey(address)

    def _obey(self, address: str) -> None:
        if self._aim is None or address not in (START, STOP):
            return
        recorder, gesture_id = self._aim
        try:
            if address == STOP:
                recorder.stop(wait=False)
            elif recorder.status().state == "idle" and self._starts.allows(self._clock()):
                recorder.start(gesture_id, CONTINUOUS)
            self.error = ""
        except MudraError as error:
            self.error = f"“{address}” could not be obeyed: {error}"
        except Exception:  # the listener would end without a word
            log.exception("an OSC message could not be obeyed")
            self.error = f"“{address}” could not be obeyed: see the terminal"
        self.last_command = f"{address.rpartition('/')[2]} at {time.strftime('%H:%M:%S')}"


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.settimeout(_POLL_S)
    try:
        listener.bind((LOCAL, port))
    except OSError as error:
        listener.close()
        raise ActionError(
            f"OSC: port {port} can't be listened on ({error.strerror}): choose another, or close "
            "the program (or the tab of Mudra) that uses it"
        ) from error
    return listener


def _addresses(data: bytes) -> list[str]:
    """The addresses of a datagram's messages, in order; none of what is no OSC or too large.

    An address is compared as it is: patterns ("/wek*") would have an untrusted text run as a
    regular expression.
    """
    if len(data) > _MAX_DATAGRAM:
        return []
    try:
        return [timed.message.address for timed in OscPacket(data).messages]
    except Exception:  # python-osc raises whatever a broken packet leads to
        return []
