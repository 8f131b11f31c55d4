"""What a gesture does beside being shown: one camera stream's changes told to other programs, and
its hands in space at the frame rate where that is wanted.

Everything is off until somebody switches it on. Nothing is run, and no address is opened: a
gesture becomes a message, what comes of it is the receiver's affair.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from core.actions.changes import HOLD_S, Change, Changes
from core.actions.hands import HandInSpace, HandsInSpace
from core.actions.osc import LOCAL, OUT_PORT, OscOut
from core.actions.websocket import PORT, WebSocketOut
from core.errors import ActionError
from core.pose.types import Estimate
from core.reading.motions import Motion
from core.reading.reading import HandReading

log = logging.getLogger(__name__)

SILENT_S = 2.0  # no frame for so long: nobody knows what the hands show
_RETRY_S = 2.0  # a port in use may be free a little later


class Output(Protocol):
    """What tells changes to receivers; it waits for none of them.

    Attributes:
        error: what went wrong last, "" while all is well.
    """

    error: str

    @property
    def address(self) -> str:
        """Where receivers connect, "" where it sends to them."""

    @property
    def clients(self) -> int:
        """Receivers that are connected."""

    def send(self, change: Change) -> None:
        """Tell a change."""

    def send_hand(self, hand: HandInSpace) -> None:
        """Tell a hand in space."""

    def close(self, *, wait: bool = False) -> None:
        """Free its port."""


@dataclass(frozen=True)
class OutputKind:
    """A kind of output.

    Attributes:
        options: what it depends on of the settings: it is opened anew when that changes.
        open: makes the output from these; raises an ActionError where it can't.
    """

    options: Callable[["Settings"], tuple[Any, ...]]
    open: Callable[..., Output]


# the kinds of outputs by the name of their switch in Settings; each is tried by the contract in
# tests/actions/test_outputs.py
OUTPUTS = {
    "osc": OutputKind(lambda settings: (settings.osc_host, settings.osc_port), OscOut),
    "websocket": OutputKind(
        lambda settings: (settings.token, settings.websocket_port, settings.origins), WebSocketOut
    ),
}


@dataclass(frozen=True)
class Settings:
    """Which outputs are on, and how they are reached.

    Attributes:
        osc: send OSC to `osc_host`, `osc_port`.
        websocket: serve on `websocket_port` of this machine whoever knows `token`.
        origins: pages in a browser that may listen, e.g. "http://localhost:8501".
        sound: whoever asks for the status plays a tone for each change.
        joints: also tell keypoints in space, pinch and grab, for every frame.
        per_second: at most so many changes a second; hands are not counted.
        smoothed: Live holds the names itself; else a name must last STEADY_S to be told.
        project, model: stand in every message.
    """

    osc: bool = False
    osc_host: str = LOCAL
    osc_port: int = OUT_PORT
    websocket: bool = False
    websocket_port: int = PORT
    token: str = ""
    origins: tuple[str, ...] = ()
    sound: bool = False
    joints: bool = False
    per_second: int = 10
    smoothed: bool = True
    project: str = ""
    model: str = ""

    @property
    def any_on(self) -> bool:
        """Whether anything happens at all."""
        return self.sound or any(map(self.is_on, OUTPUTS))

    def is_on(self, kind: str) -> bool:
        """Whether an output of OUTPUTS is switched on."""
        return bool(getattr(self, kind))


@dataclass(frozen=True)
class Status:
    """How it stands.

    Attributes:
        changes: stable changes so far, told to somebody or not.
        sent: those of them that something was done with.
        last: the newest, None before the first.
        clients: WebSocket clients that listen.
        address: where they connect, token included; "" while there is no server.
        errors: what does not work and what to do.
    """

    changes: int = 0
    sent: int = 0
    last: Change | None = None
    clients: int = 0
    address: str = ""
    errors: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """One line: “sent 12, last 👍 thumbs_up 97 %, Right hand at 14:03:22”, and who listens."""
        parts = f"sent {self.sent}"
        if self.last is not None:
            when = time.strftime("%H:%M:%S", time.localtime(self.last.time))
            parts += f", last {self.last.text} at {when}"
        if self.address:
            listen = {0: "nobody listens yet", 1: "1 receiver listens"}
            parts += f" · {listen.get(self.clients, f'{self.clients} receivers listen')}"
        return parts


class Actions:
    """Tells a stream's changes to the outputs that are on; a live.Companion.

    `offer` and `close` are called in the stream's thread, everything else in the page's.
    """

    def __init__(self, *, wall_clock: Callable[[], float] = time.time) -> None:
        self._settings = Settings()
        self._changes = Changes(wall_clock=wall_clock)
        self._hands = HandsInSpace(wall_clock=wall_clock)
        self._lock = threading.Lock()  # held while outputs open and close, never by `offer`
        self._telling = threading.Lock()  # held while changes are found and sent
        self._closed = threading.Event()
        self._watchdog: threading.Thread | None = None
        self._offered_s = 0.0
        self._slots = {name: _Slot(kind) for name, kind in OUTPUTS.items()}
        self._count, self._sent = 0, 0
        self._last: Change | None = None

    def configure(self, settings: Settings) -> None:
        """Have it so from now on: opens and closes outputs; what fails stands in the status."""
        with self._lock:
            if not self._closed.is_set():
                self._open(settings)
        if self._closed.is_set():  # meanwhile
            self._shut()

    def _open(self, settings: Settings) -> None:
        self._settings = settings
        self._changes.rate.per_second = settings.per_second
        self._changes.hold_s = 0.0 if settings.smoothed else HOLD_S
        for name, slot in self._slots.items():
            slot.want(settings, is_on=settings.is_on(name))
        if any(slot.is_outdated for slot in self._slots.values()):
            self._end()  # before its receiver hears no more
        for slot in self._slots.values():
            slot.update()
        if settings.any_on and self._watchdog is None:
            self._watchdog = threading.Thread(target=self._watch, name="mudra-silence", daemon=True)
            self._watchdog.start()

    def offer(
        self,
        hands: tuple[HandReading, ...],
        time_s: float,
        estimate: Estimate | None = None,
        made: tuple[Motion, ...] = (),
    ) -> list[Change | HandInSpace]:
        """Tell what has changed with this frame, what was made by then, and its hands in space
        where that is wanted; neither waits nor raises.

        Args:
            estimate: that the hands are of; None: they are not told in space.
            made: gestures that move, each told once.

        Returns:
            What was told.
        """
        self._offered_s = time.monotonic()
        try:
            with self._telling:
                if self._closed.is_set():
                    return []
                if estimate is not None and self._settings.joints:
                    seen = self._hands(hands, estimate)
                else:
                    seen = self._hands.ended()
                changes = [*self._changes.made(made, time_s), *self._changes(hands, time_s)]
                return [*self._tell(changes), *self._tell_hands(seen)]
        except Exception:  # the picture goes on
            log.exception("a gesture could not be told")
            return []

    def _end(self) -> None:
        """Take back what was told."""
        with self._telling:
            self._tell(self._changes.ended())
            self._tell_hands(self._hands.ended())

    def _watch(self) -> None:
        """A camera that hangs, or a closed tab, must not leave a gesture standing."""
        while not self._closed.wait(SILENT_S / 4):
            if time.monotonic() - self._offered_s > SILENT_S:
                self._end()

    def _tell(self, changes: list[Change]) -> list[Change]:
        settings = self._settings
        told = [replace(c, project=settings.project, model=settings.model) for c in changes]
        for change in told:
            for output in self._outputs:
                output.send(change)
            self._count += 1
            self._sent += bool(self._outputs) or settings.sound
            self._last = change
        return told

    def _tell_hands(self, hands: list[HandInSpace]) -> list[HandInSpace]:
        for hand in hands:
            for output in self._outputs:
                output.send_hand(hand)
        return hands

    @property
    def _outputs(self) -> list[Output]:
        """Those that are open."""
        return [slot.output for slot in self._slots.values() if slot.output is not None]

    def status(self) -> Status:
        """How it stands; never waits."""
        outputs = self._outputs
        return Status(
            self._count,
            self._sent,
            self._last,
            sum(output.clients for output in outputs),
            next((output.address for output in outputs if output.address), ""),
            tuple(slot.trouble for slot in self._slots.values() if slot.trouble),
        )

    def close(self) -> None:
        """Tell that no hand shows a gesture any more, then free every port; never waits."""
        self._closed.set()
        self._shut()

    def _shut(self) -> None:
        if not self._lock.acquire(blocking=False):
            return  # an output is just being opened: `configure` will see to it
        try:
            self._end()
            for slot in self._slots.values():
                slot.close()
        finally:
            self._lock.release()


class _Slot:
    """The place of one output: closed, open, or failing and tried again."""

    def __init__(self, kind: OutputKind) -> None:
        self.output: Output | None = None
        self._kind = kind
        self._wanted: tuple[Any, ...] | None = None  # its options; None: closed
        self._opened: tuple[Any, ...] | None = None  # those that were tried last
        self._error = ""
        self._tried_s = float("-inf")

    def want(self, settings: Settings, *, is_on: bool) -> None:
        """Set what `update` is to open."""
        self._wanted = self._kind.options(settings) if is_on else None

    @property
    def is_outdated(self) -> bool:
        """Whether it is open, and not as wanted."""
        return self.output is not None and self._wanted != self._opened

    def update(self) -> None:
        """Open as wanted, anew where something else was wanted before."""
        wanted = self._wanted
        if wanted != self._opened:
            self.close(wait=True)
            self._opened = wanted
        if wanted is None or self.output is not None:
            return
        if time.monotonic() - self._tried_s < _RETRY_S:
            return
        self._tried_s = time.monotonic()
        try:
            self.output, self._error = self._kind.open(*wanted), ""
        except ActionError as error:
            self._error = str(error)

    def close(self, *, wait: bool = False) -> None:
        """Close it, and forget that it failed."""
        if self.output is not None:
            self.output.close(wait=wait)
        self.output, self._opened, self._error = None, None, ""
        self._tried_s = float("-inf")

    @property
    def trouble(self) -> str:
        """What is wrong with it, "" while all is well."""
        return self._error or (self.output.error if self.output is not None else "")
