"""How a model's answers are smoothed: kept in its metadata, so that they travel with it."""

from dataclasses import asdict, fields
from functools import lru_cache
from pathlib import Path

from core.errors import ModelError
from core.files import change_json
from core.gestures.modelfile.gesture_model import METADATA, GestureModel
from core.pose.smoothing import Smoothing

_LEAVE = 0.75  # of `enter`, where a model says nothing


@lru_cache(maxsize=8)
def smoothing_of(model: GestureModel | None) -> Smoothing:
    """What was kept with the model, else the defaults with its threshold.

    Raises:
        ModelError: what is there can't be it.
    """
    if model is None:
        return Smoothing()
    kept = model.metadata.get("smoothing")
    if kept is None:
        return Smoothing(enter=model.threshold, leave=_LEAVE * model.threshold)
    try:
        given = {f.name: kept[f.name] for f in fields(Smoothing)}
        joints = bool(given.pop("joints"))
        return Smoothing(joints, **{name: float(value) for name, value in given.items()})
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise ModelError(
            f"{model.path / METADATA} says how to smooth, but not in a way that can be used "
            f"({error!r}): remove its “smoothing”"
        ) from error


def keep_smoothing(folder: Path, smoothing: Smoothing) -> None:
    """Write it into the metadata of a model's folder, at once or not at all.

    Raises:
        ModelError: there is no model, or the folder can't be written.
    """
    path = folder / METADATA
    try:
        change_json(path, {"smoothing": asdict(smoothing)})
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(f"the smoothing can't be kept in {path}: {error}") from error
