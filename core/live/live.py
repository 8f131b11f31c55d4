"""One camera stream: frame in, mirrored picture with skeletons and names out.

What an estimate means (`step`) is apart from where it comes from: `process` has an estimator make
it of a frame, and draws. Both run in the stream's thread, all else in the page's. One lock is held
round the estimator, whose `close` during a call would crash the process; the latest reading is an
immutable object that anyone may take without waiting, and another lock is held while it is
replaced.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from core.errors import MudraError
from core.estimators import Estimator
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.stream import NearMiss
from core.live.live_drawing import draw_note, drawn, mirrored
from core.pose.drawing.bodies import BodyView, draw_body
from core.pose.drawing.heatmap_layout import Maps
from core.pose.skeletons.table import skeleton_named
from core.pose.smoothing import Smoothing
from core.pose.types import AnyFrame, Estimate, Frame, Picture, RemoteFrame
from core.reading.keypoint_sources import KeypointSource
from core.reading.motions import Motion
from core.reading.reading import HandReader, HandReading, TracePoint

log = logging.getLogger(__name__)

LOST_S = 2.0  # no frame for so long: the camera is lost
OPENS_WITHIN_S = 20.0  # an estimator; a camera that is silent for longer is lost all the same
_MOMENT_S = 10.0  # so long after a pause the connection may still break because of it
BROKE_OFF = (
    "The camera stopped by itself: no pictures came any more. Was it unplugged, did the computer "
    "sleep, or was it very busy? Press START to go on; what was recorded is kept."
)
UNCONNECTED_S = 8.0  # no first frame for so long: there is no connection
MADE = 5  # so many gestures that move are remembered
_RATE_OVER_S = 2.0  # fps and latency are means over so long

Watch = Callable[[AnyFrame, Estimate, str], str]


@dataclass(frozen=True, eq=False)
class Options:
    """What may change while the camera runs.

    Attributes:
        model: names the gestures; None shows the skeleton alone.
        hands: how many at most, or how many people.
        smoothing: how drawn keypoints are calmed and names held; None: as the model says. The
            probabilities stay raw.
        keypoints: whose keypoints: MediaPipe's or a net's.
        maps: what is shown of a net's heatmaps.
        body: how bodies are shown, without names; None: as hands are.
        paused: nothing is read, no watcher or companion told; the picture only passes, mirrored.
    """

    model: GestureModel | None = None
    hands: int = 1
    smoothing: Smoothing | None = None
    keypoints: KeypointSource = field(default_factory=KeypointSource)
    maps: Maps = field(default_factory=Maps)
    body: BodyView | None = None
    paused: bool = False


MakeEstimator = Callable[[Options], Estimator]


@dataclass(frozen=True, eq=False)
class Latest:
    """What the last frame gave.

    Attributes:
        hands: in the estimate's order.
        taken_s: the frame's time on `time.monotonic`'s clock; the stream's start before that.
        frames: frames so far.
        fps: processed frames a second.
        latency_ms: mean time from a frame's arrival to its picture.
        note: what the watcher said, shown over the video, e.g. how the recording stands.
        error: what went wrong, for the person at the screen; "" when nothing did.
        opening: an estimator is being opened, which takes a moment; no frame passes meanwhile.
        numbered: the picture shows people's numbers.
        made: the last gestures that move, each with when it was known, as `taken_s` has it.
        missed: what came near to one after these, and when that was known.
    """

    hands: tuple[HandReading, ...] = ()
    taken_s: float = field(default_factory=time.monotonic)
    frames: int = 0
    fps: float = 0.0
    latency_ms: float = 0.0
    size_hw: tuple[int, int] = (0, 0)
    note: str = ""
    error: str = ""
    opening: bool = False
    numbered: bool = False
    made: tuple[tuple[float, Motion], ...] = ()
    missed: tuple[float, NearMiss] | None = None

    def trouble(self, address: str, now_s: float | None = None) -> str:
        """What is wrong with the stream and what to do; "" while all is well.

        Args:
            address: the studio's, on the machine that runs it.
        """
        if self.error:
            return self.error
        silent_s = (time.monotonic() if now_s is None else now_s) - self.taken_s
        if self.opening and silent_s < OPENS_WITHIN_S:
            return ""
        if self.frames and silent_s > LOST_S:
            return (
                f"Camera lost: no picture for {silent_s:.0f} s. Is it plugged in, and is this tab "
                "in front? Press STOP, then START. Pictures can be uploaded meanwhile."
            )
        if not self.frames and silent_s > UNCONNECTED_S:
            return (
                f"No picture came in {silent_s:.0f} s: the browser reaches the page but not the "
                "video connection (UDP). Open Mudra on the machine that runs it, at "
                f"{address}, or upload pictures."
            )
        return ""


class Companion(Protocol):
    """What lives as long as the stream, e.g. an output; both are called in the stream's thread."""

    def offer(
        self,
        hands: tuple[HandReading, ...],
        time_s: float,
        estimate: Estimate,
        made: tuple[Motion, ...] = (),
    ) -> object:
        """A frame's hands, its time on `time.monotonic`'s clock, the estimate that they were read
        from, and what they have made by then; neither waits nor raises."""

    def close(self) -> None:
        """The stream has ended; may be called more than once."""


class LiveProcessor:
    """Estimates, names and draws the frames of one stream; newest options count.

    Args:
        make_estimator: called in the stream's thread, again when hands or keypoints change.
        watch: sees every frame with its estimate and the estimator's version, e.g. a recorder; its
            answer is shown over the video.
        clock: seconds, rising.
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
        self._options = options or Options()
        self._lock = threading.Lock()
        self._estimator: Estimator | None = None
        self._estimator_for: tuple[int, KeypointSource] | None = None
        self._closed = False
        self._read = HandReader()
        self._companion: Companion | None = None
        self._times: deque[tuple[float, float]] = deque()
        self._spent_s = 0.0  # on the frames of these times
        self._latest = Latest(taken_s=clock())
        self._telling = threading.Lock()
        self._paused_s = float("-inf")  # when pictures came again after a long pause
        self._over, self._ended = "", threading.Event()

    def configure(self, options: Options, watch: Watch | None = None) -> None:
        """Options and watcher for the next frame on."""
        with self._telling:
            self._options, self._watch = options, watch
            if self._latest.frames and self._must_open(options):
                self._latest = replace(self._latest, opening=True)

    def _must_open(self, options: Options) -> bool:
        """Whether the next frame waits for an estimator."""
        return not options.paused and self._estimator_for != (options.hands, options.keypoints)

    @property
    def options(self) -> Options:
        """What counts for the next frame."""
        return self._options

    @property
    def companion(self) -> Companion | None:
        """What was attached last."""
        return self._companion

    def attach(self, companion: Companion | None) -> None:
        """Tell it each frame's hands from now on, and close it with the stream; one at a time."""
        with self._lock:
            before, self._companion = self._companion, companion
            over = self._closed
        if before is not None and before is not companion:
            before.close()
        if over and companion is not None:
            companion.close()

    def latest(self) -> Latest:
        """What the last frame gave; never waits."""
        return self._latest

    def trace(self) -> tuple[TracePoint, ...]:
        """The first hand's last seconds, raw and smoothed; never waits."""
        return self._read.trace()

    def process(self, rgb: Picture) -> Picture:
        """The mirrored picture with what was found; never raises, errors are in `latest`.

        Args:
            rgb: (H, W, 3) uint8 as the camera gave it, of any size.
        """
        came_s = self._clock()
        frame = Frame(rgb, came_s, self._latest.frames, "webcam", mirrored_view=True)
        with self._lock:
            if self._closed:
                return mirrored(rgb)
            options = self._options
            try:
                picture, found = self._process(frame, options)
            except Exception as error:  # the stream's thread would end without a word
                picture, found = mirrored(rgb), self._failed(error)
            self._keep(replace(found, taken_s=came_s, size_hw=frame.size_hw), options)
        return picture

    def step(
        self,
        estimate: Estimate,
        frame: RemoteFrame | None = None,
        *,
        version: str = "",
        spent_s: float = 0.0,
    ) -> Latest:
        """What the next estimate means, wherever it was made, e.g. in a browser; never raises.

        Args:
            estimate: its time is on a clock of its maker; of a webcam its view is mirrored.
            frame: what the watcher is shown; None: it is not asked.
            version: of who made the estimate.
            spent_s: how long it took where it was made.
        """
        came_s = self._clock() - spent_s
        with self._lock:
            if self._closed:
                return self._latest
            options = self._options
            try:
                estimate = self._numbered(estimate, options)
                watch = None if options.paused or frame is None else self._watch
                note = watch(frame, estimate, version) if watch and frame else ""
                hands = self._read_hands(estimate, options)
                found = Latest(hands, note=note, numbered=bool(estimate.numbers))
            except Exception as error:  # as in `process`
                found = self._failed(error)
            self._keep(replace(found, taken_s=came_s, size_hw=estimate.size_hw), options)
            return self._latest

    def wait(self) -> None:
        """What finds keypoints for `step` is being opened elsewhere; told again until it is."""
        with self._telling:
            now_s = self._clock()
            self._latest = replace(self._latest, hands=(), opening=True, taken_s=now_s)

    def _keep(self, found: Latest, options: Options) -> None:
        """It is the latest, with how many there were and how quickly they come."""
        came_s, done_s = found.taken_s, self._clock()
        fps, latency_ms = self._timing(came_s, done_s)
        with self._telling:
            before, wanted = self._latest, self._options
            if before.frames and not before.opening and came_s - before.taken_s > LOST_S:
                self._paused_s = came_s
            if before.opening:  # this frame waited for it
                found = replace(found, taken_s=done_s)
            # the page may have wanted something else meanwhile, and must not take it for there
            opening = wanted is not options and self._must_open(wanted)
            frames = before.frames + 1
            made, missed = self._read.motions.take_results()
            nearly = (came_s, missed) if missed else None if made else before.missed
            told = [*before.made, *((came_s, motion) for motion in made)][-MADE:]
            self._latest = replace(
                found,
                frames=frames,
                fps=fps,
                latency_ms=latency_ms,
                opening=opening,
                made=tuple(told),
                missed=nearly,
            )

    def _faltered(self, now_s: float) -> bool:
        """Pictures came, and stayed away for long a moment ago: nobody pressed STOP."""
        silent_s = now_s - self._latest.taken_s
        return self._latest.frames > 0 and (silent_s > LOST_S or now_s - self._paused_s < _MOMENT_S)

    def _failed(self, error: Exception) -> Latest:
        if isinstance(error, MudraError):
            return Latest(error=str(error))
        log.exception("a frame could not be processed")
        return Latest(error=f"a frame could not be processed: {error!r}")

    def _process(self, frame: Frame, options: Options) -> tuple[Picture, Latest]:
        if options.paused:
            return mirrored(frame.rgb), Latest()
        estimator = self._estimator_of(options)
        estimate = self._numbered(estimator.estimate(frame), options)
        watch = self._watch  # the page may change it meanwhile
        note = watch(frame, estimate, estimator.version) if watch else ""
        hands = self._read_hands(estimate, options)
        shown = replace(estimate, poses=tuple(hand.pose for hand in hands))
        if options.body is None:
            picture = drawn(frame.rgb, shown, hands, options.maps, estimator)
            picture = self._read.motions.draw_paths(picture)
        else:
            picture = draw_body(frame.rgb, shown, options.body, mirror=True)
        draw_note(picture, note)
        return picture, Latest(hands, note=note, numbered=bool(estimate.numbers))

    def _numbered(self, estimate: Estimate, options: Options) -> Estimate:
        """Several people are told apart."""
        people = options.hands > 1 and skeleton_named(estimate.skeleton).is_body
        return self._read.number_poses(estimate) if people and not options.paused else estimate

    def _read_hands(self, estimate: Estimate, options: Options) -> tuple[HandReading, ...]:
        """The hands' meaning, which the companion is told, too."""
        if options.paused:
            return ()
        hands = self._read(estimate, options.model, options.smoothing)
        if companion := self._companion:
            companion.offer(hands, estimate.time_s, estimate, self._read.motions.made)
        return hands

    def _estimator_of(self, options: Options) -> Estimator:
        wanted = (options.hands, options.keypoints)
        if self._estimator is None or self._estimator_for != wanted:
            if self._estimator is not None:
                self._estimator.close()
                self._estimator = None
            with self._telling:
                self._latest = replace(self._latest, opening=True)
            self._estimator, self._estimator_for = self._make(options), wanted
        return self._estimator

    def _timing(self, came_s: float, done_s: float) -> tuple[float, float]:
        times = self._times
        times.append((came_s, done_s - came_s))
        self._spent_s += done_s - came_s
        while came_s - times[0][0] > _RATE_OVER_S:
            self._spent_s -= times.popleft()[1]
        span = came_s - times[0][0]
        return (len(times) - 1) / span if span else 0.0, 1000 * self._spent_s / len(times)

    def broke_off(self, within_s: float = 0.0) -> str:
        """Of a stream that is over, or will be within so long: what to tell who did not stop it; ""
        where it ended well."""
        self._ended.wait(within_s)
        return self._over

    def close(self) -> None:
        """Free the estimator, once a running frame is done; frames after it pass unchanged."""
        with self._lock:
            if not self._closed and self._faltered(self._clock()):
                self._over = BROKE_OFF
            self._closed = True
            if self._estimator is not None:
                self._estimator.close()
                self._estimator = None
            if self._companion is not None:
                self._companion.close()
        self._ended.set()
