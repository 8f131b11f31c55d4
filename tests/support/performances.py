"""Performances of gestures that move, made of one real hand's keypoints moved along ways."""

import csv
from functools import cache

import numpy as np

from core.gestures.modelfile.gesture_model import GestureModel
from core.paths import Paths
from core.pose.types import Estimate, Pose
from core.reading.reading import HandReader
from core.store import NewSample, Store
from core.store.rows import MOVING, Gesture

FRAMES, FPS = 18, 30.0
STREAM_FPS, SIZE_HW = 20.0, (480, 640)
_T = np.linspace(0, 1, FRAMES)
_TURN = 2 * np.pi * _T - np.pi / 2
# as a camera sees them, which shows them mirrored: x is the other way round on the screen
WAYS = {
    "swipe_left": np.stack([_T, 0 * _T], 1),
    "swipe_right": np.stack([-_T, 0 * _T], 1),
    "clockwise": np.stack([-np.cos(_TURN), np.sin(_TURN)], 1) / 2,
}


@cache
def real_hand() -> np.ndarray:
    """(21, 2) pixels: an open palm of the demo's table, 120 pixels high."""
    with Paths.find().demo.open(newline="", encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file) if row["gesture"] == "open_palm")
    points = np.array([[float(row[f"{axis}{j}"]) for axis in "xy"] for j in range(21)])
    points -= points.min(0)
    return (points * 120 / points[:, 1].max() + (200, 150)).astype(np.float32)


def performed(name: str, rng: np.random.Generator) -> NewSample:
    """One performance, before a webcam."""
    way = WAYS[name] * rng.uniform(120, 200) + rng.uniform(-30, 30, 2)
    clip = real_hand()[None] + way[:, None] + rng.normal(0, 0.8, (FRAMES, 21, 2))
    return NewSample(
        clip.astype(np.float32),
        np.ones((FRAMES, 21), np.float32),
        "webcam",
        True,
        "mediapipe-hands",
        handedness="Right",
        size_hw=(480, 640),
        time_s=0.0,
        times_s=np.arange(FRAMES) / FPS,
    )


def perform(store: Store, project: int, name: str, times: int) -> Gesture:
    """The gesture, added to the project and performed so often, a recording each."""
    gesture = store.add_gesture(project, name, "", MOVING)
    session = store.start_session(project, store.ensure_person(project, "Ada").id, "test")
    rng = np.random.default_rng(0)
    for _ in range(times):
        store.add_samples(store.start_recording(session, gesture.id), [performed(name, rng)])
    return gesture


# ---------------------------------------------------------------------------------- in a stream


def frames_of(*parts: str, seconds: float = 0.7):
    """Each frame's time and how far the hand has gone: rests of a second, and what it makes."""
    place, ways = np.zeros(2), []
    for part in parts:
        count = round(STREAM_FPS * (seconds if part in WAYS else 1.0))
        known = WAYS.get(part, np.zeros((2, 2))) * 160
        at = np.linspace(0, len(known) - 1, count)
        way = np.stack([np.interp(at, range(len(known)), axis) for axis in known.T], 1)
        ways.append(None if part == "away" else place + way - way[0])
        ways[-1] = [None] * count if part == "away" else ways[-1]
        place = place if part == "away" else ways[-1][-1]
    return [(i / STREAM_FPS, way) for i, way in enumerate(way for part in ways for way in part)]


def seen(time_s: float, *ways, sides=("Right", "Left")) -> Estimate:
    """Hands that have gone so far, as a webcam finds them."""
    rng = np.random.default_rng(round(time_s * STREAM_FPS))
    poses = [
        Pose(
            (real_hand() + way + rng.normal(0, 0.8, (21, 2))).astype(np.float32),
            np.ones(21, np.float32),
            0.9,
            side,
        )
        for way, side in zip(ways, sides, strict=False)
        if way is not None
    ]
    return Estimate(tuple(poses), SIZE_HW, "mediapipe-hands", time_s, True)


def made(model: GestureModel, frames, read: HandReader | None = None):
    """What each frame settled, with the frame's time."""
    read, found = read or HandReader(), []
    for time_s, way in frames:
        read(seen(time_s, way), model)
        found += [(time_s, motion) for motion in read.motions.made]
    return found
