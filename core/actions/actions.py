"""Actions of gestures: sends one camera stream's changes to other programs and, if switched on, its
3-D hands at the frame rate.

Everything is off by default. Mudra runs no program and opens no address: a gesture becomes a
message, and the receiver decides what to do.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from core.actions.changes import HOLD_S, Change, ChangeDetector
from core.actions.hands import HandInSpace, SpatialHandDetector
from core.actions.osc import LOCAL, OUT_PORT, OscOut
from core.actions.rules import RuleRunner
from core.actions.websocket import PORT, WebSocketOut
from core.depth.frames import DepthFrame
from core.errors import ActionError
from core.gestures.modelfile.gesture_model import GestureModel
from core.pose.types import Estimate, Frame
from core.reading.motions import Motion
from core.reading.reading import HandReader, HandReading
from core.words import count_words, words

log = logging.getLogger(__name__)

Timed = TypeVar("Timed", Frame, DepthFrame)

FRAME_TIMEOUT_S = 2.0  # without a frame, the gestures shown are unknown
_RETRY_S = 2.0  # a port in use may be free a little later


class Output(Protocol):
    """Sends changes to receivers without waiting for them; its `error` is the last error
    message."""

    error: str

    @property
    def address(self) -> str:
        """The address that receivers connect to; "" if the output sends to a fixed address."""

    @property
    def clients(self) -> int:
        """Number of connected receivers."""

    def send(self, change: Change) -> None:
        """Send a change."""

    def send_hand(self, hand: HandInSpace) -> None:
        """Send a 3-D hand."""

    def close(self, *, wait: bool = False) -> None:
        """Release the output's port."""


# by the name of their switch in Settings: what opens them, and the settings that it takes;
# tests/actions/test_outputs.py has their contract
OUTPUTS: dict[str, tuple[Callable[..., Output], tuple[str, ...]]] = {
    "osc": (OscOut, ("osc_host", "osc_port")),
    "websocket": (WebSocketOut, ("token", "websocket_port", "origins")),
}


@dataclass(frozen=True)
class Settings:
    """Which outputs are on, and their addresses."""

    osc: bool = False  # send to `osc_host`, `osc_port`
    osc_host: str = LOCAL
    osc_port: int = OUT_PORT
    websocket: bool = False  # serve clients that know `token` on a port of this machine
    websocket_port: int = PORT
    token: str = ""
    origins: tuple[str, ...] = ()  # allowed web origins, e.g. "http://localhost:8501"
    sound: bool = False  # the page plays a tone for each change
    joints: bool = False  # also send keypoints in space, pinch and grab, for every frame
    per_second: int = 10  # maximum number of changes, hands in space excluded
    smoothed: bool = True  # Live holds the names itself; else a gesture must last HOLD_S
    project: str = ""  # for every message, like `model`
    model: str = ""

    @property
    def any_on(self) -> bool:
        """Whether any output or the tone is switched on."""
        return self.sound or any(getattr(self, name) for name in OUTPUTS)


@dataclass(frozen=True)
class Status:
    """The current status of the actions."""

    changes: int = 0  # number of changes so far
    sent: int = 0  # number of those that were sent or played
    last: Change | None = None  # the newest, None before the first
    clients: int = 0  # connected WebSocket clients
    address: str = ""  # where they connect, with the token; "" without a server
    errors: tuple[str, ...] = ()  # what does not work, and what to do

    @property
    def text(self) -> str:
        """Return the status as one line: “sent 12, last 👍 thumbs_up 97 % … · 2 receivers”."""
        sent = words("sent {count}", count=self.sent)
        if self.last is not None:
            when = time.strftime("%H:%M:%S", time.localtime(self.last.time))
            sent = words(
                "sent {count}, last {change} at {time}",
                count=self.sent,
                change=self.last.text,
                time=when,
            )
        if not self.address:
            return sent
        receivers = words("no receivers yet")
        if self.clients:
            receivers = count_words(self.clients, "{n} receiver", "{n} receivers")
        return words("{sent} · {receivers}", sent=sent, receivers=receivers)


class Actions:
    """Sends a stream's changes to the outputs that are on; implements `StreamListener`. `offer` and
    `close` are called in the stream's thread, everything else in the page's.

    Attributes:
        rules: set by `attach_rules`.
    """

    def __init__(self, *, wall_clock: Callable[[], float] = time.time) -> None:
        self.rules: RuleRunner | None = None
        self._settings = Settings()
        self._changes = ChangeDetector(wall_clock=wall_clock)
        self._hands = SpatialHandDetector(wall_clock=wall_clock)
        self._lock = threading.Lock()  # held while outputs open and close, never by `offer`
        self._sending = threading.Lock()  # held while changes are found and sent
        self._closed = threading.Event()
        self._watchdog: threading.Thread | None = None
        self._offered_s = 0.0
        self._slots = {name: _OutputSlot(*kind) for name, kind in OUTPUTS.items()}
        self._count, self._sent = 0, 0
        self._last: Change | None = None

    def configure(self, settings: Settings) -> None:
        """Open and close outputs to match new settings; failures are in `status`, not raised."""
        with self._lock:
            if not self._closed.is_set():
                self._apply_settings(settings)
        if self._closed.is_set():  # meanwhile
            self._close_outputs()

    def _apply_settings(self, settings: Settings) -> None:
        """Open or close outputs, ending gestures before an output closes. Start the watchdog."""
        self._settings = settings
        self._changes.rate.per_second = settings.per_second
        self._changes.hold_s = 0.0 if settings.smoothed else HOLD_S
        for name, slot in self._slots.items():
            slot.request(settings, is_on=getattr(settings, name))
        if any(slot.is_outdated for slot in self._slots.values()):
            self._end_all()  # while its receiver is still connected
        for slot in self._slots.values():
            slot.open_requested()
        if settings.any_on:
            self._start_watchdog()

    def attach_rules(self, rules: RuleRunner) -> None:
        """Carry out these rules, too, with each frame's changes."""
        with self._lock:
            self.rules = rules
            self._start_watchdog()

    def _start_watchdog(self) -> None:
        """Start the thread that ends gestures when no frames come, once."""
        if self._watchdog is None and not self._closed.is_set():
            self._watchdog = threading.Thread(
                target=self._end_without_frames, name="mudra-silence", daemon=True
            )
            self._watchdog.start()

    def offer(
        self,
        hands: tuple[HandReading, ...],
        time_s: float,
        estimate: Estimate | None = None,
        motions: tuple[Motion, ...] = (),
    ) -> list[Change | HandInSpace]:
        """Send a frame's gesture changes, completed motions and, if switched on and an estimate is
        given, 3-D hands; return what was sent. Never blocks or raises."""
        self._offered_s = time.monotonic()
        try:
            with self._sending:
                if self._closed.is_set():
                    return []
                if estimate is not None and self._settings.joints:
                    seen = self._hands.update(hands, estimate)
                else:
                    seen = self._hands.end_all()
                changes = self._changes.make_motion_changes(motions, time_s)
                changes += self._changes.update(hands, time_s)
                if self.rules:
                    self.rules.update(changes, time_s)
                return [*self._send_changes(changes), *self._send_hands(seen)]
        except Exception:  # the video continues
            log.exception("a gesture could not be sent")
            return []

    def _end_all(self) -> None:
        """Send for every hand that its gesture has ended and that it is gone."""
        with self._sending:
            changes = self._send_changes(self._changes.end_all())
            if self.rules:
                self.rules.update(changes)
            self._send_hands(self._hands.end_all())

    def _end_without_frames(self) -> None:
        """End the shown gestures whenever no frame has come for FRAME_TIMEOUT_S, until closed."""
        while not self._closed.wait(FRAME_TIMEOUT_S / 4):
            if time.monotonic() - self._offered_s > FRAME_TIMEOUT_S:
                self._end_all()

    def _send_changes(self, changes: list[Change]) -> list[Change]:
        """Add project and model to changes, send them to every open output and return them."""
        settings = self._settings
        sent = [replace(c, project=settings.project, model=settings.model) for c in changes]
        for change in sent:
            for output in self._open_outputs:
                output.send(change)
            self._count += 1
            self._sent += bool(self._open_outputs) or settings.sound
            self._last = change
        return sent

    def _send_hands(self, hands: list[HandInSpace]) -> list[HandInSpace]:
        """Send 3-D hands to every open output and return them."""
        for hand in hands:
            for output in self._open_outputs:
                output.send_hand(hand)
        return hands

    @property
    def _open_outputs(self) -> list[Output]:
        """The open outputs."""
        return [slot.output for slot in self._slots.values() if slot.output is not None]

    def status(self) -> Status:
        """Return counts, the last change, receivers, address and errors, without blocking."""
        outputs = self._open_outputs
        return Status(
            self._count,
            self._sent,
            self._last,
            sum(output.clients for output in outputs),
            next((output.address for output in outputs if output.address), ""),
            tuple(slot.problem for slot in self._slots.values() if slot.problem),
        )

    def close(self) -> None:
        """Send that all gestures have ended, then release every port, without blocking."""
        self._closed.set()
        self._close_outputs()

    def _close_outputs(self) -> None:
        """End all gestures and close every output; if `configure` is running, leave it to that."""
        if not self._lock.acquire(blocking=False):
            return  # `configure` is opening an output and will close it
        try:
            self._end_all()
            for slot in self._slots.values():
                slot.close()
        finally:
            self._lock.release()


class _OutputSlot:
    """An output and its state: closed, open, or failed and retried."""

    def __init__(self, open_output: Callable[..., Output], option_names: tuple[str, ...]) -> None:
        self.output: Output | None = None
        self._open, self._option_names = open_output, option_names
        self._requested: tuple[Any, ...] | None = None  # options; None: closed
        self._opened: tuple[Any, ...] | None = None  # options of the last attempt
        self._error = ""
        self._tried_s = float("-inf")

    def request(self, settings: Settings, *, is_on: bool) -> None:
        """Set the options for the next `open_requested`."""
        options = tuple(getattr(settings, name) for name in self._option_names)
        self._requested = options if is_on else None

    @property
    def is_outdated(self) -> bool:
        """Whether the output is open with other options than requested."""
        return self.output is not None and self._requested != self._opened

    def open_requested(self) -> None:
        """Open, reopen or close as requested; failures are in `problem` and retried after 2 s."""
        options = self._requested
        if options != self._opened:
            self.close(wait=True)
            self._opened = options
        if options is None or self.output is not None:
            return
        if time.monotonic() - self._tried_s < _RETRY_S:
            return
        self._tried_s = time.monotonic()
        try:
            self.output, self._error = self._open(*options), ""
        except ActionError as error:
            self._error = error.text

    def close(self, *, wait: bool = False) -> None:
        """Close the output if it is open and clear its error."""
        if self.output is not None:
            self.output.close(wait=wait)
        self.output, self._opened, self._error = None, None, ""
        self._tried_s = float("-inf")

    @property
    def problem(self) -> str:
        """Error message, or ""."""
        return self._error or (self.output.error if self.output is not None else "")


def run_actions(
    frames: Iterable[Timed],
    estimate: Callable[[Timed], Estimate],
    model: GestureModel | None,
    actions: Actions,
    *,
    seconds: float | None = None,
    own_speed: bool = True,
) -> Iterator[Change | HandInSpace]:
    """Recognise the gestures in frames of a video, camera or depth source and send their changes
    and, if switched on, 3-D hands; yield what was sent.

    Args:
        estimate: finds a frame's hands or bodies.
        model: None: no gestures, only 3-D hands.
        actions: configured; closed at the end, which ends the last gesture.
        seconds: maximum duration of the source.
        own_speed: play a recording no faster than it was recorded.

    Raises:
        MudraError: a frame can't be read, or the model is for other keypoints.
    """
    read = HandReader()
    try:
        for frame in _pace_frames(frames, seconds, own_speed):
            found = estimate(frame)
            hands = read(found, model)
            yield from actions.offer(hands, found.time_s, found, read.motions.made)
    finally:
        actions.close()


def _pace_frames(
    frames: Iterable[Timed], seconds: float | None, own_speed: bool
) -> Iterator[Timed]:
    """Yield frames up to `seconds`; if `own_speed`, no faster than they were recorded."""
    start_s = time.monotonic()
    for frame in frames:
        if seconds is not None and frame.time_s > seconds:
            return
        if own_speed:
            time.sleep(max(0.0, start_s + frame.time_s - time.monotonic()))
        yield frame


def open_actions(settings: Settings) -> Actions:
    """Create actions with all outputs open; if one fails, close them and raise ActionError."""
    actions = Actions()
    actions.configure(settings)
    if errors := actions.status().errors:
        actions.close()
        raise ActionError(" ".join(errors))
    return actions
