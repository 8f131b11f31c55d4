"""Actions without a browser: send the gestures of a camera of this machine, a video or a depth
source."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from core.actions.actions import Actions, Settings
from core.actions.changes import Change
from core.actions.hands import HandInSpace
from core.depth.frames import DepthFrame, DepthSource
from core.errors import ActionError
from core.estimators import Estimator
from core.gestures.modelfile.gesture_model import GestureModel
from core.pose.types import Estimate, Frame
from core.reading.depth_reading import DepthReader
from core.reading.reading import HandReader
from core.recording.sources import open_frames

SentMessage = Change | HandInSpace
Timed = TypeVar("Timed", Frame, DepthFrame)


def run_actions(
    source: str,
    model: GestureModel | None,
    estimator: Estimator,
    actions: Actions,
    *,
    seconds: float | None = None,
    own_speed: bool = True,
) -> Iterator[SentMessage]:
    """Recognise the gestures of a video or `camera:N` and send their changes, and hands in space
    if switched on; yield what was sent.

    Args:
        model: None: no gestures, only hands in space.
        actions: configured; closed at the end, which ends the last gesture.
        seconds: maximum duration of the source.
        own_speed: play a video no faster than it was recorded.

    Raises:
        MudraError: an unreadable source, or a model of another estimator.
    """

    def estimates() -> Iterator[Estimate]:
        """Yield the source's estimates."""
        if model is not None:
            model.check_estimator(estimator.name, estimator.skeleton)
        for frame in _pace_frames(open_frames(source), seconds, own_speed):
            yield estimator.estimate(frame)

    return _send_estimates(estimates(), model, actions)


def run_actions_on_depth(
    source: DepthSource,
    model: GestureModel | None,
    reader: DepthReader,
    name: str,
    actions: Actions,
    *,
    seconds: float | None = None,
    own_speed: bool = True,
) -> Iterator[SentMessage]:
    """Recognise the gestures of a depth source's hand and send their changes; yield what was
    sent.

    Args:
        name: of the reader's net, in place of an estimator's.

    Raises:
        MudraError: a frame that can't be read, or a model of other keypoints.
    """

    def estimates() -> Iterator[Estimate]:
        """Yield the source's estimates."""
        for frame in _pace_frames(source, seconds, own_speed):
            yield reader.read(frame).to_estimate(frame.camera, name, frame.time_s)

    return _send_estimates(estimates(), model, actions)


def _send_estimates(
    estimates: Iterator[Estimate], model: GestureModel | None, actions: Actions
) -> Iterator[SentMessage]:
    """Recognise gestures in the estimates, offer them to the actions and yield what was sent;
    close the actions at the end."""
    read = HandReader()
    try:
        for estimate in estimates:
            hands = read(estimate, model)
            yield from actions.offer(hands, estimate.time_s, estimate, read.motions.made)
    finally:
        actions.close()


def _pace_frames(
    frames: Iterable[Timed], seconds: float | None, own_speed: bool
) -> Iterator[Timed]:
    """Yield frames up to `seconds`, with `own_speed` no faster than they were recorded."""
    start_s = time.monotonic()
    for frame in frames:
        if seconds is not None and frame.time_s > seconds:
            return
        if own_speed:
            time.sleep(max(0.0, start_s + frame.time_s - time.monotonic()))
        yield frame


def open_actions(settings: Settings) -> Actions:
    """Create actions with all outputs of the settings open; raise ActionError, closing them, if
    one fails.

    Raises:
        ActionError: one can't be opened.
    """
    actions = Actions()
    actions.configure(settings)
    if errors := actions.status().errors:
        actions.close()
        raise ActionError(" ".join(errors))
    return actions
