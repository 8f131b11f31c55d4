"""Projects with something of everything, and all that a project holds, to compare."""

import hashlib
from dataclasses import fields

import numpy as np

from core.media.pictures import encode_jpeg
from core.store import NewSample, Store

# a training's, as its log has it
RESULT = {
    "time": 2.0,
    "event": "result",
    "seconds": 1.5,
    "split": "person",
    "gestures": [{"name": "ok", "emoji": "👌"}, {"name": "fist", "emoji": ""}],
    "figures": {
        "n": 4,
        "accuracy": 0.75,
        "interval": [0.3, 0.95],
        "per_gesture": {"ok": {"n": 4, "accuracy": 0.75}},
        "confusion": [[3, 1], [0, 0]],
    },
}


def sample(seed: int, *, crop: bool = True, **changes) -> NewSample:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 255, (64, 64, 3), np.uint8)
    values = {
        "keypoints": rng.normal(100, 40, (21, 2)).astype(np.float32),
        "scores": rng.random(21, np.float32),
        "world": rng.normal(0, 0.1, (21, 3)).astype(np.float32),
        "handedness": "Left",
        "instance": 1,
        "size_hw": (480, 640),
        "region": (1.1, -2.25, 90.3),
        "crop_jpeg": encode_jpeg(picture) if crop else None,
        "source": "=webcam «ü»",
        "mirrored_view": bool(seed % 2),
        "estimator": "mediapipe-hands",
        "estimator_version": "1.2.2/full",
        "file_hash": hashlib.sha256(bytes([seed % 256])).hexdigest(),
    }
    values["keypoints"][3] = np.nan
    return NewSample(**values | changes)


def content(store: Store, name: str, *, pictures: bool = True) -> list:
    """All of a project but ids, to be compared; its samples are dictionaries."""
    project = store.project(name)
    gestures = store.gestures(project.id)
    named = {g.id: g.name for g in gestures}
    found = [project.keypoints_only, [(g.name, g.emoji, g.position, g.enabled) for g in gestures]]
    found += [[p.name for p in store.persons(project.id)]]
    for one in store.samples(project.id, newest_first=False, limit=10_000):
        values = {field.name: getattr(one, field.name) for field in fields(NewSample)}
        arrays = {k: v.tobytes() for k, v in values.items() if isinstance(v, np.ndarray)}
        crop = {} if pictures else {"crop_jpeg": None}
        found.append(values | arrays | crop | {"gesture": named[one.gesture_id]})
    data = store.training_data(project.id)
    found += [data.persons.tolist(), _grouped(data.sessions), _grouped(data.recordings)]
    return found


def _grouped(ids) -> list:
    return np.unique(ids, return_inverse=True)[1].tolist()
