"""One camera stream: frame in, mirrored picture with skeletons and names out.

`step` reads an estimate wherever it was made; `process` has an estimator make it of a frame, and
draws. Both run in the stream's thread, everything else in the page's. One lock is held while the
estimator runs, whose `close` during a call would crash the process; the latest reading is an
immutable object that any thread may take, replaced under another lock.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from core.errors import MudraError
from core.estimators import Estimator
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.stream import NearMiss
from core.live.live_drawing import draw_hands, draw_note, mirror
from core.pose.drawing.bodies import BodyView, draw_body
from core.pose.drawing.heatmap_layout import Maps
from core.pose.skeletons.table import skeleton_named
from core.pose.smoothing import Smoothing
from core.pose.types import AnyFrame, Estimate, Frame, Picture, RemoteFrame
from core.reading.keypoint_sources import KeypointSource
from core.reading.motions import Motion
from core.reading.reading import HandReader, HandReading, TracePoint
from core.words import words

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StreamTimes:
    """Time limits after which a stream counts as lost, and the averaging time of its rates."""

    lost_s: float = 2.0  # without a frame: the camera is lost
    opening_s: float = 20.0  # the same while an estimator is being opened
    unconnected_s: float = 8.0  # without a first frame: there is no connection
    recovery_s: float = 10.0  # after a pause the connection may still break because of it
    rate_window_s: float = 2.0  # fps and latency are means over it


_TIMES = StreamTimes()
_MAX_MOTIONS = 5  # kept in `Latest.made`
_INTERRUPTED = words(
    "The camera stopped by itself: no pictures came any more. Was it unplugged, did the computer "
    "sleep, or was it very busy? Press START to go on; what was recorded is kept."
)

Watch = Callable[[AnyFrame, Estimate, str], str]
"""Called with each frame, its estimate and the estimator's version; returns a note to draw."""


@dataclass(frozen=True, eq=False)
class Options:
    """Options that may change while the camera runs."""

    model: GestureModel | None = None  # names the gestures; None: only skeletons are drawn
    hands: int = 1  # largest number of hands or people
    # of drawn keypoints and names; None: as the model's metadata say. The probabilities stay raw.
    smoothing: Smoothing | None = None
    # which estimator or net finds them
    keypoints: KeypointSource = field(default_factory=KeypointSource)
    maps: Maps = field(default_factory=Maps)  # which heatmaps of a net are drawn
    body: BodyView | None = None  # how bodies are drawn, without names; None: as hands are
    # frames are neither read nor watched; only the mirrored picture is passed on
    paused: bool = False


MakeEstimator = Callable[[Options], Estimator]


@dataclass(frozen=True, eq=False)
class Latest:
    """The result of the last frame."""

    hands: tuple[HandReading, ...] = ()  # in the estimate's order
    # the frame's time by `time.monotonic`; before the first frame the stream's start
    taken_s: float = field(default_factory=time.monotonic)
    frames: int = 0  # number of frames so far
    fps: float = 0.0  # processed frames per second
    latency_ms: float = 0.0  # mean time from a frame's arrival to its picture
    size_hw: tuple[int, int] = (0, 0)
    note: str = ""  # the watcher's, shown over the video, e.g. the state of the recording.
    error: str = ""  # what went wrong, to be shown; "" if nothing did
    opening: bool = False  # an estimator is being opened; no frames are processed meanwhile
    numbered: bool = False  # the picture shows people's numbers
    # the last completed moving gestures, each with `taken_s` of its frame
    made: tuple[tuple[float, Motion], ...] = ()
    # the last movement that was nearly a gesture, if none was completed since
    missed: tuple[float, NearMiss] | None = None

    def problem_text(self, address: str, now_s: float | None = None) -> str:
        """Return what is wrong with the stream and what to do: an error, a lost camera or no
        connection; "" if all is well. `address` is the studio's URL on its own machine."""
        if self.error:
            return self.error
        silent_s = (time.monotonic() if now_s is None else now_s) - self.taken_s
        if self.opening and silent_s < _TIMES.opening_s:
            return ""
        if self.frames and silent_s > _TIMES.lost_s:
            return words(
                "Camera lost: no picture for {silent_s:.0f} s. Is it plugged in, and is this tab "
                "in front? Press STOP, then START. Pictures can be uploaded meanwhile.",
                silent_s=silent_s,
            )
        if not self.frames and silent_s > _TIMES.unconnected_s:
            return words(
                "No picture came in {silent_s:.0f} s: the browser reaches the page but not the "
                "video connection (UDP). Open Mudra on the machine that runs it, at "
                "{address}, or upload pictures.",
                silent_s=silent_s,
                address=address,
            )
        return ""


class StreamListener(Protocol):
    """Receives every frame's hands and is closed with the stream; called in the stream's thread."""

    def offer(
        self,
        hands: tuple[HandReading, ...],
        time_s: float,
        estimate: Estimate,
        made: tuple[Motion, ...] = (),
    ) -> object:
        """Receive a frame's hands, its time by `time.monotonic`, their estimate, and the moving
        gestures completed in it. Must not block or raise."""

    def close(self) -> None:
        """Handle the end of the stream; may be called more than once."""


class LiveProcessor:
    """Estimates, names and draws the frames of one stream with the newest options.

    Args:
        make_estimator: called in the stream's thread, again when hands or keypoints change.
        watch: see `Watch`, e.g. a recorder.
        clock: in seconds, monotonic.

    Attributes:
        options: of the next frame; set by `configure`.
        listener: set by `attach`.
    """

    def __init__(
        self,
        make_estimator: MakeEstimator,
        options: Options | None = None,
        *,
        watch: Watch | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make, self._watch, self._clock = make_estimator, watch, clock
        self.options = options or Options()
        self._lock, self._latest_lock = threading.Lock(), threading.Lock()
        self._estimator: Estimator | None = None
        self._estimator_key: tuple[int, KeypointSource] | None = None
        self._closed = False
        self._reader = HandReader()
        self.listener: StreamListener | None = None
        self._list_frame_times: deque[tuple[float, float]] = deque()  # (arrival, duration)
        self._latest = Latest(taken_s=clock())
        self._resumed_s = float("-inf")  # when frames came again after a long gap
        self._interruption, self._ended = "", threading.Event()

    def configure(self, options: Options, watch: Watch | None = None) -> None:
        """Set options and watcher from the next frame on."""
        with self._latest_lock:
            self.options, self._watch = options, watch
            if self._latest.frames and self._needs_estimator(options):
                self._latest = replace(self._latest, opening=True)

    def change_options(self, **changes: Any) -> None:
        """Change some options from the next frame on; the watcher stays."""
        with self._latest_lock:
            self.options = replace(self.options, **changes)

    def _needs_estimator(self, options: Options) -> bool:
        """Return whether these options require opening another estimator."""
        return not options.paused and self._estimator_key != (options.hands, options.keypoints)

    def attach(self, listener: StreamListener | None) -> None:
        """Set the listener of the stream's hands (None for none), and close the previous one."""
        with self._lock:
            previous, self.listener = self.listener, listener
            is_over = self._closed
        if previous is not None and previous is not listener:
            previous.close()
        if is_over and listener is not None:
            listener.close()

    def latest(self) -> Latest:
        """Return the result of the last frame, without blocking."""
        return self._latest

    def trace(self) -> tuple[TracePoint, ...]:
        """Return the first hand's last seconds, raw and smoothed, without blocking."""
        return self._reader.trace()

    def process(self, rgb: Picture) -> Picture:
        """Estimate, read and draw a camera frame (H, W, 3); return the mirrored picture with
        skeletons and names. Never raises; errors are in `latest`."""
        arrival_s = self._clock()
        frame = Frame(rgb, arrival_s, self._latest.frames, "webcam", mirrored_view=True)
        with self._lock:
            if self._closed:
                return mirror(rgb)
            options = self.options
            try:
                picture, result = self._process_frame(frame, options)
            except Exception as error:  # it would end the stream's thread silently
                picture, result = mirror(rgb), self._failure(error)
            self._publish(replace(result, taken_s=arrival_s, size_hw=frame.size_hw), options)
        return picture

    def step(
        self,
        estimate: Estimate,
        frame: RemoteFrame | None = None,
        *,
        version: str = "",
        spent_s: float = 0.0,
    ) -> Latest:
        """Process an estimate made elsewhere, e.g. in a browser, and return the result; never
        raises.

        Args:
            estimate: its time is by its source's clock; a webcam's has a mirrored view.
            frame: for the watcher, which isn't called if None.
            version: of the estimator.
            spent_s: time that the estimator took.
        """
        arrival_s = self._clock() - spent_s
        with self._lock:
            if self._closed:
                return self._latest
            options = self.options
            try:
                estimate = self._number_people(estimate, options)
                watch = None if options.paused or frame is None else self._watch
                note = watch(frame, estimate, version) if watch and frame else ""
                hands = self._read_hands(estimate, options)
                result = Latest(hands, note=note, numbered=bool(estimate.numbers))
            except Exception as error:  # as in `process`
                result = self._failure(error)
            self._publish(replace(result, taken_s=arrival_s, size_hw=estimate.size_hw), options)
            return self._latest

    def set_opening(self) -> None:
        """Record that the browser is still opening its estimator; called until it is open."""
        with self._latest_lock:
            now_s = self._clock()
            self._latest = replace(self._latest, hands=(), opening=True, taken_s=now_s)

    def _publish(self, result: Latest, options: Options) -> None:
        """Publish a frame's result as the latest, with counts, rates and recent moving gestures."""
        arrival_s, done_s = result.taken_s, self._clock()
        fps, latency_ms = self._measure_rates(arrival_s, done_s)
        with self._latest_lock:
            before, next_options = self._latest, self.options
            gap_s = arrival_s - before.taken_s
            if before.frames and not before.opening and gap_s > _TIMES.lost_s:
                self._resumed_s = arrival_s
            made, missed = self._reader.motions.take_results()
            motions = [*before.made, *((arrival_s, motion) for motion in made)]
            self._latest = replace(
                result,
                taken_s=done_s if before.opening else arrival_s,  # it waited for the estimator
                frames=before.frames + 1,
                fps=fps,
                latency_ms=latency_ms,
                # the page may have changed the options meanwhile
                opening=next_options is not options and self._needs_estimator(next_options),
                made=tuple(motions[-_MAX_MOTIONS:]),
                missed=(arrival_s, missed) if missed else None if made else before.missed,
            )

    def _was_interrupted(self, now_s: float) -> bool:
        """Return whether frames stopped, or have just resumed, though STOP wasn't pressed."""
        is_silent = now_s - self._latest.taken_s > _TIMES.lost_s
        has_just_resumed = now_s - self._resumed_s < _TIMES.recovery_s
        return self._latest.frames > 0 and (is_silent or has_just_resumed)

    def _failure(self, error: Exception) -> Latest:
        """Return a result with the error's message; log unexpected errors."""
        if isinstance(error, MudraError):
            return Latest(error=error.text)
        log.exception("a frame could not be processed")
        return Latest(error=words("a frame could not be processed: {error}", error=repr(error)))

    def _process_frame(self, frame: Frame, options: Options) -> tuple[Picture, Latest]:
        """Estimate, watch, read and draw a frame; while paused, only mirror it."""
        if options.paused:
            return mirror(frame.rgb), Latest()
        estimator = self._open_estimator(options)
        estimate = self._number_people(estimator.estimate(frame), options)
        watch = self._watch  # the page may change it meanwhile
        note = watch(frame, estimate, estimator.version) if watch else ""
        hands = self._read_hands(estimate, options)
        smoothed = replace(estimate, poses=tuple(hand.pose for hand in hands))
        if options.body is None:
            picture = draw_hands(frame.rgb, smoothed, hands, options.maps, estimator)
            picture = self._reader.motions.draw_paths(picture)
        else:
            picture = draw_body(frame.rgb, smoothed, options.body, mirror=True)
        draw_note(picture, note)
        return picture, Latest(hands, note=note, numbered=bool(estimate.numbers))

    def _number_people(self, estimate: Estimate, options: Options) -> Estimate:
        """Add track numbers to an estimate of bodies if there may be several."""
        several = options.hands > 1 and skeleton_named(estimate.skeleton).is_body
        numbered = several and not options.paused
        return self._reader.number_poses(estimate) if numbered else estimate

    def _read_hands(self, estimate: Estimate, options: Options) -> tuple[HandReading, ...]:
        """Read the hands and pass them to the listener; while paused, return ()."""
        if options.paused:
            return ()
        hands = self._reader(estimate, options.model, options.smoothing)
        if listener := self.listener:
            listener.offer(hands, estimate.time_s, estimate, self._reader.motions.made)
        return hands

    def _open_estimator(self, options: Options) -> Estimator:
        """Return the estimator for these options, reopened if they changed."""
        key = (options.hands, options.keypoints)
        if self._estimator is None or self._estimator_key != key:
            if self._estimator is not None:
                self._estimator.close()
                self._estimator = None
            with self._latest_lock:
                self._latest = replace(self._latest, opening=True)
            self._estimator, self._estimator_key = self._make(options), key
        return self._estimator

    def _measure_rates(self, arrival_s: float, done_s: float) -> tuple[float, float]:
        """Record a frame's times; return frames per second and mean latency (ms) over 2 s."""
        times = self._list_frame_times
        times.append((arrival_s, done_s - arrival_s))
        while arrival_s - times[0][0] > _TIMES.rate_window_s:
            times.popleft()
        span_s = arrival_s - times[0][0]
        spent_s = sum(duration_s for _, duration_s in times)
        return (len(times) - 1) / span_s if span_s else 0.0, 1000 * spent_s / len(times)

    def interruption_text(self, within_s: float = 0.0) -> str:
        """Wait up to `within_s` for the end; return a message if STOP wasn't pressed, else ""."""
        self._ended.wait(within_s)
        return self._interruption

    def close(self) -> None:
        """Close the estimator after the current frame; later frames are only mirrored."""
        with self._lock:
            if not self._closed and self._was_interrupted(self._clock()):
                self._interruption = _INTERRUPTED
            self._closed = True
            if self._estimator is not None:
                self._estimator.close()
                self._estimator = None
            if self.listener is not None:
                self.listener.close()
        self._ended.set()
