"""Actions without a browser: a camera of this machine, or a video, is read and what it shows is
told."""

import time
from collections.abc import Iterator

from core.actions.actions import Actions, Settings
from core.actions.changes import Change
from core.actions.hands import HandInSpace
from core.capture.uploads import open_frames
from core.errors import ActionError
from core.estimators import Estimator
from core.gestures.model.gesture_model import GestureModel
from core.recognition.reading import HandReader

Told = Change | HandInSpace


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
    read = HandReader()
    try:
        if model is not None:
            model.check_estimator(estimator.name, estimator.skeleton)
        begun = time.monotonic()
        for frame in open_frames(source):
            if seconds is not None and frame.time_s > seconds:
                break
            if own_speed:
                time.sleep(max(0.0, begun + frame.time_s - time.monotonic()))
            estimate = estimator.estimate(frame)
            yield from actions.offer(read(estimate, model), frame.time_s, estimate)
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
