"""Fill a project with many samples: the shipped hands with noise, of 20 people in 100 sessions."""

import cv2
import numpy as np

from core.media.pictures import encode_jpeg
from core.paths import Paths
from core.pose.boxes import Square
from core.recording.demo import read_demo_hands
from core.store import NewSample, Store

PROJECT = "Many"
IN_A_RECORDING = 100


def fill(store: Store, samples: int, *, crops: int = 200) -> None:
    """A project of so many samples, in whole recordings of 100; `crops` different pictures, or
    none."""
    hands = read_demo_hands(Paths.find().demo)
    names = sorted(set(hands.gestures))
    rng = np.random.default_rng(0)
    pictures = [_crop(rng) for _ in range(crops)]
    project = store.create_project(PROJECT)
    gestures = {g.name: g.id for g in store.gestures(project.id)}
    sessions = [
        store.start_session(
            project.id, store.ensure_person(project.id, f"person {i % 20}").id, "made"
        )
        for i in range(100)
    ]
    for number in range(samples // IN_A_RECORDING):
        name = names[number % len(names)]
        own = hands.select(name)
        noise = rng.normal(0, 3, (IN_A_RECORDING, 21, 2))
        recording = store.start_recording(sessions[number // 10 % len(sessions)], gestures[name])
        taken = (own[rng.integers(len(own))] * 180 + 300 + noise).astype(np.float32)
        store.add_samples(recording, [_sample(k, i, number, pictures) for i, k in enumerate(taken)])


def _crop(rng: np.random.Generator) -> bytes:
    small = rng.integers(0, 255, (16, 16, 3), np.uint8)
    large = cv2.resize(small, (256, 256), interpolation=cv2.INTER_CUBIC)
    return encode_jpeg(np.asarray(large, np.uint8))


def _sample(keypoints: np.ndarray, i: int, number: int, pictures: list[bytes]) -> NewSample:
    return NewSample(
        keypoints,
        np.full(21, 0.9, np.float32),
        "camera",
        True,
        "mediapipe-hands",
        handedness=("Left", "Right")[number % 2],
        size_hw=(480, 640),
        region=Square(200.0, 200.0, 200.0),
        crop_jpeg=pictures[(number + i) % len(pictures)] if pictures else None,
    )
