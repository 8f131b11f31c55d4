"""Actions without a browser: a camera of this machine, or a video, is read and its changes told."""

import time
from collections.abc import Iterator

from core.actions.actions import Actions, Settings
from core.actions.changes import Change
from core.capture.uploads import open_frames
from core.errors import ActionError
from core.estimators import Estimator
from core.gestures.model.gesture_model import GestureModel
from core.recognition.reading import HandReader


def act(
    source: str,
    model: GestureModel,
    estimator: Estimator,
    actions: Actions,
    *,
    seconds: float | None = None,
    own_speed: bool = True,
) -> Iterator[Change]:
    """Tell the stable changes of a video or `camera:N` until it ends, with names held as on Live.

    Args:
        actions: configured; closed at the end, which takes back the last gesture.
        seconds: end after so much of the source; None: with it, or when the caller stops asking.
        own_speed: play a video no faster than it was taken.

    Raises:
        MudraError: nothing that can be read, or a model of another estimator.
    """
    read = HandReader()
    try:
        model.check_estimator(estimator.name, estimator.skeleton)
        begun = time.monotonic()
        for frame in open_frames(source):
            if seconds is not None and frame.time_s > seconds:
                break
            if own_speed:
                time.sleep(max(0.0, begun + frame.time_s - time.monotonic()))
            yield from actions.offer(read(estimator.estimate(frame), model), frame.time_s)
    finally:
        actions.close()


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
