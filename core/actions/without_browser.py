"""Actions without a browser: a camera of this machine, a video or a source of depth is read and
what it shows is told."""

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

Told = Change | HandInSpace


Timed = TypeVar("Timed", Frame, DepthFrame)


def act(
    source: str,
    model: GestureModel | None,
    estimator: Estimator,
    actions: Actions,
    *,
    seconds: float | None = None,
    own_speed: bool = True,
) -> Iterator[Told]:
    """Tell the stable changes of a video or `camera:N` until it ends, with names held as on Live,
    and its hands in space where the actions are to.

    Args:
        model: names the gestures; None: there are no changes.
        actions: configured; closed at the end, which takes back the last gesture.
        seconds: end after so much of the source; None: with it, or when the caller stops asking.
        own_speed: play a video no faster than it was taken.

    Raises:
        MudraError: nothing that can be read, or a model of another estimator.
    """

    def estimates() -> Iterator[Estimate]:
        if model is not None:
            model.check_estimator(estimator.name, estimator.skeleton)
        for frame in _paced(open_frames(source), seconds, own_speed):
            yield estimator.estimate(frame)

    return _told(estimates(), model, actions)


def act_on_depth(
    source: DepthSource,
    model: GestureModel | None,
    reader: DepthReader,
    name: str,
    actions: Actions,
    *,
    seconds: float | None = None,
    own_speed: bool = True,
) -> Iterator[Told]:
    """As `act`, of the hand that a reader follows in a source of depth.

    Args:
        name: of the reader's net, which stands for an estimator's.

    Raises:
        MudraError: a frame that can't be read, or a model of other keypoints.
    """

    def estimates() -> Iterator[Estimate]:
        for frame in _paced(source, seconds, own_speed):
            yield reader.read(frame).to_estimate(name)

    return _told(estimates(), model, actions)


def _told(
    estimates: Iterator[Estimate], model: GestureModel | None, actions: Actions
) -> Iterator[Told]:
    read = HandReader()
    try:
        for estimate in estimates:
            hands = read(estimate, model)
            yield from actions.offer(hands, estimate.time_s, estimate, read.motions.made)
    finally:
        actions.close()


def _paced(frames: Iterable[Timed], seconds: float | None, own_speed: bool) -> Iterator[Timed]:
    begun = time.monotonic()
    for frame in frames:
        if seconds is not None and frame.time_s > seconds:
            return
        if own_speed:
            time.sleep(max(0.0, begun + frame.time_s - time.monotonic()))
        yield frame


def opened(settings: Settings) -> Actions:
    """Actions whose outputs are all open.

    Raises:
        ActionError: one can't be.
    """
    actions = Actions()
    actions.configure(settings)
    if errors := actions.status().errors:
        actions.close()
        raise ActionError(" ".join(errors))
    return actions
