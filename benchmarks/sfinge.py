"""SFINGE 3D (Caputo et al. 2020): hands in space by a Leap Motion, 13 gestures, cut out one by one
and in recordings of three to five among other movements.

Spans are in frames; FPS of them a second.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection import Span, detection_figures
from core.gestures.classifier.fitting import TrainOptions
from core.gestures.classifier.learner import train
from core.gestures.data import GestureData
from core.gestures.labels import NONE
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.stream import MotionStream
from core.gestures.motion.windows import find_moving_part
from core.pose.skeletons.table import HAND_21
from core.recording.clips import MAX_CLIP_S, MIN_CLIP_FRAMES
from core.training.runs import Run
from tests.support.recorded_clips import Clips, clips_of

FILE, FPS = "sfinge3d_v1.npz", 20
_FOLDS = 3
# the palm, three keypoints of the thumb and four of each finger, as those of a hand
_LEAP = [0, 2, 3, 4, *range(5, 21)]


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
    """Gestures detected in the continuous recordings by the studio's own training and stream.

    The model is trained on the dictionary and on other recordings: two thirds of them at a time, or
    all, to be tried on another folder's. Epochs 0: as many as the studio chooses.
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
    run = Run.create(folder)
    train(data, run, TrainOptions(epochs=epochs))
    return GestureModel.load(run.path)


def _found(model: GestureModel, recording: Recording) -> tuple[list[Span], list[float]]:
    """The events, and the frame at which each was told."""
    stream = MotionStream(model)
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
    """The dictionary's gestures, those of the recordings, and what is between these as `none`; all
    cut to what moves, as recording does it."""
    whole = list(zip(*dictionary[:2], strict=True))
    for recording in known:
        whole += [(recording.hands[a:b], name) for a, b, name in parts_of(recording)]
    clips, labels = [], []
    for hands, name in whole:
        moving = find_moving_part(hands, np.arange(len(hands)) / FPS)
        if moving is not None and moving.stop - moving.start >= MIN_CLIP_FRAMES:
            clips.append(hands[moving])
            labels.append(str(name))
    data = clips_of(clips, np.array(labels), np.zeros(len(clips), int), HAND_21.name)
    return replace(data, seconds=np.array([(len(clip) - 1) / FPS for clip in clips]))


def parts_of(recording: Recording) -> Iterator[tuple[int, int, str]]:
    """(begin, end, name) of the gestures and of what is between them."""
    ends = [0, *(int(end) for *_, end in recording.gestures)]
    begins = [*(int(begin) for _, begin, _ in recording.gestures), len(recording.hands)]
    for end, begin in zip(ends, begins, strict=True):
        if begin - end >= MIN_CLIP_FRAMES:
            yield end, min(begin, end + int(MAX_CLIP_S * FPS)), NONE.name
    for name, begins_at, ends_at in recording.gestures:
        yield int(begins_at), int(ends_at), name
