"""SFINGE 3D (Caputo et al. 2020): hands in space by a Leap Motion, 13 gestures, cut out one by one
and in recordings of three to five among other movements.

Spans are in frames; FPS of them a second.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.clip_windows import Clips, clips_of
from core.gestures.data import GestureData
from core.gestures.evaluation.detection import Span, detection_figures
from core.gestures.labels import NONE
from core.gestures.model.gesture_model import GestureModel
from core.gestures.motion.stream import LENGTHS_S, MotionStream
from core.gestures.training.export import save_motion_model
from core.gestures.training.fitting import TrainOptions
from core.gestures.training.motion_fitting import fit_motion
from core.pose.skeletons import HAND_21

FILE, FPS = "sfinge3d_v1.npz", 20
THRESHOLD = 0.78  # of an event's confidence
_FOLDS = 3
# the palm, three keypoints of the thumb and four of each finger, as those of a hand
_LEAP = [0, 2, 3, 4, *range(5, 21)]
_COPIES = 4  # of each gesture in a recording, its ends moved by so much of its length
_BEGINS, _ENDS = (-0.15, 0.15), (-0.2, 0.08)
_BADLY_CUT = 4  # too long, too short or too late, of each; they are no gesture
_OTHER = 24  # windows of a recording that are no gesture


@dataclass(frozen=True, eq=False)
class Recording:
    """(F, 21, 3) metres, and the gestures in it."""

    hands: NDArray[np.float32]
    gestures: list[Span]


def _hands(points: NDArray[np.int16], scale: float) -> NDArray[np.float32]:
    hands = np.full((len(points), HAND_21.size, 3), np.nan, np.float32)
    hands[:, _LEAP] = points.astype(np.float32) / scale
    return hands


def cut_out(folder: Path) -> tuple[Clips, NDArray[np.str_], NDArray[np.int64]]:
    """The dictionary's clips, their gestures, and for each which third of its gesture's."""
    with np.load(folder / FILE) as file:
        hands = _hands(file["dict_xyz"], float(file["scale"]))
        clips = [hands[a:b] for a, b in pairwise(file["dict_start"])]
        return clips, file["dict_label"], (file["dict_instance"] - 1) // 12


def recordings(folder: Path) -> list[Recording]:
    """The continuous ones."""
    with np.load(folder / FILE) as file:
        hands = _hands(file["seq_xyz"], float(file["scale"]))
        parts = [hands[a:b] for a, b in pairwise(file["seq_start"])]
        truth = [file[f"gt_{column}"].tolist() for column in ("seq", "label", "begin", "end")]
        numbers = file["seq_id"].tolist()
    spans: dict[int, list[Span]] = {number: [] for number in numbers}
    for number, *span in zip(*truth, strict=True):
        spans[number].append((span[0], float(span[1]), float(span[2])))
    return [Recording(part, spans[number]) for part, number in zip(parts, numbers, strict=True)]


def in_streams(folder: Path, other: Path | None, epochs: int) -> dict[str, Any]:
    """Gestures found in the continuous recordings by a net that has learned from the dictionary and
    other recordings: two thirds of them at a time, or all, to be tried on another folder's.
    """
    streams: list[tuple[list[Span], list[Span]]] = []
    delays, spent_s, frames = [], 0.0, 0
    for known, asked in _folds(recordings(folder), None if other is None else recordings(other)):
        with tempfile.TemporaryDirectory() as room:
            model = _model(taught(cut_out(folder), known), epochs, Path(room))
            for recording in asked:
                began = time.process_time()
                found, told = _found(model, recording)
                spent_s += time.process_time() - began
                frames += len(recording.hands)
                streams.append((recording.gestures, found))
                hits = detection_figures([streams[-1]])["hits"]
                delays += [told[e] - recording.gestures[g][2] for _, g, e in hits]
    figures = detection_figures(streams)
    figures.pop("hits")
    late = np.percentile(delays, [50, 90]) / FPS * 1000
    return figures | {
        "recordings": len(streams),
        "told_after_end_ms": {"median": float(late[0]), "of nine in ten": float(late[1])},
        "cpu_ms_a_frame": 1000 * spent_s / frames,
    }


def _folds(
    own: list[Recording], other: list[Recording] | None
) -> Iterator[tuple[list[Recording], list[Recording]]]:
    if other is not None:
        yield own, other
        return
    for fold in range(_FOLDS):
        rest = [one for number, one in enumerate(own) if number % _FOLDS != fold]
        yield rest, own[fold::_FOLDS]


def _model(data: GestureData, epochs: int, folder: Path) -> GestureModel:
    net = fit_motion(data, TrainOptions(), epochs)
    save_motion_model(net, data, folder, {})
    return GestureModel.load(folder)


def _found(model: GestureModel, recording: Recording) -> tuple[list[Span], list[float]]:
    """The events, and the frame at which each was told."""
    stream = MotionStream(model, THRESHOLD, trimmed=False)
    spans: list[Span] = []
    told = []
    for frame in range(len(recording.hands) + 1):
        over = frame == len(recording.hands)
        event = stream.close() if over else stream.step(frame / FPS, recording.hands[frame])
        if event:
            spans.append((event.gesture.name, event.start_s * FPS, event.end_s * FPS))
            told.append(float(frame))
    return spans, told


# ---------------------------------------------------------------------------- what is learned from


def taught(
    dictionary: tuple[Clips, NDArray[np.str_], NDArray[np.int64]], known: list[Recording]
) -> GestureData:
    """The dictionary's gestures, those of the recordings, and what is none in these."""
    rng = np.random.default_rng(0)
    clips, labels = [*dictionary[0]], [*dictionary[1].tolist()]
    for recording in known:
        for begin, end, label in (*_gestures(recording, rng), *_none(recording, rng)):
            clips.append(recording.hands[begin:end])
            labels.append(label)
    return clips_of(clips, np.array(labels), np.zeros(len(clips), int), HAND_21.name)


def _gestures(recording: Recording, rng: np.random.Generator) -> Iterator[tuple[int, int, str]]:
    for name, begin, end in recording.gestures:
        for _ in range(_COPIES):
            moved = np.array([rng.uniform(*_BEGINS), rng.uniform(*_ENDS)]) * (end - begin)
            yield *_within(recording, begin + moved[0], end + moved[1]), name


def _none(recording: Recording, rng: np.random.Generator) -> Iterator[tuple[int, int, str]]:
    """Windows that no gesture fills: parts of one, or more than it, and others anywhere."""
    badly = [
        window
        for _, begin, end in recording.gestures
        for _ in range(_BADLY_CUT)
        for window in _badly_cut(begin, end, rng)
    ]
    longest = len(recording.hands)
    lengths = rng.choice(LENGTHS_S, _OTHER) * FPS
    starts = rng.uniform(0, 1, _OTHER) * (longest - lengths)
    anywhere = zip(starts, starts + lengths, strict=True)
    for window in (*badly, *anywhere):
        begin, end = _within(recording, *window)
        if end - begin >= FPS * LENGTHS_S[0] - 1 and not _fits(recording, begin, end):
            yield begin, end, NONE.name


def _badly_cut(begin: float, end: float, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    length = end - begin
    yield begin + rng.uniform(-0.3, 0.3) * length, end + rng.uniform(0.2, 1.0) * length
    yield begin - rng.uniform(0.0, 0.8) * length, begin + rng.uniform(0.1, 0.6) * length
    yield begin + rng.uniform(0.45, 0.9) * length, end + rng.uniform(0.0, 0.5) * length


def _within(recording: Recording, begin: float, end: float) -> tuple[int, int]:
    return max(0, int(begin)), min(len(recording.hands), int(end))


def _fits(recording: Recording, begin: int, end: int) -> bool:
    """Whether it may be taken for a gesture: both ends are near one's."""
    return any(
        abs(begin - b) < 0.35 * (e - b) and -0.3 < (end - e) / (e - b) < 0.18
        for _, b, e in recording.gestures
    )
