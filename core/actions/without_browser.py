"""Actions without a browser: send the gestures of a camera of this machine, a video or a depth
source."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from core.actions.actions import Actions, Settings
from core.actions.changes import Change
from core.actions.hands import HandInSpace
from core.depth.frames import DepthFrame
from core.errors import ActionError
from core.gestures.modelfile.gesture_model import GestureModel
from core.pose.types import Estimate, Frame
from core.reading.reading import HandReader

Timed = TypeVar("Timed", Frame, DepthFrame)


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
