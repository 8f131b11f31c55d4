"""Gestures that move, by how few examples and beside plain dynamic time warping.

    python -m benchmarks.motions FOLDER [PART …] [--by templates|net …] [--epochs N]

reads the collection of keypoint tracks in a folder: holistic_signs.npz, yubimoji_76.npz,
sfinge3d_v1.npz.

examples: fifteen motions of which two examples each are known, twenty draws. Ten are the finger
spellings of one person that move, five the signs of another; both are asked at once, so that a
motion can be taken for any of fifteen.
cut-out: the cut-out gestures of SFINGE 3D in three folds of recordings, by net and templates.
stream: gestures found in SFINGE 3D's continuous recordings by the studio's own training and
stream, as the SHREC contests count them.

Nets learn for as many epochs as each part's published figures are of, or for --epochs.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import sfinge
from core.gestures.classifier.fitting import TrainOptions
from core.gestures.data import GestureData
from core.gestures.motion.motion_learner import fit_matcher, predict_motions
from core.gestures.motion.templates import measure_dtw
from core.pose.skeletons.table import HAND_21
from tests.support.recorded_clips import clips_of, signs_of, surer

EXAMPLES, DRAWS = 2, 20
EPOCHS = {"cut-out": 8}
_SIGNER = "Luthiraa/LSTM-backend-minigestures"
_SPELLED = "のもりをんーがだばぱ"  # that Japanese finger spelling moves


# ------------------------------------------------------------------------------------- the examples


def fifteen_motions(folder: Path) -> GestureData:
    """The motions of two persons as hands of 21 keypoints."""
    spelled, signed = _spelled(folder), _signed(folder)
    clips = [clip for clip, _ in (*spelled, *signed)]
    labels = np.array([label for _, label in (*spelled, *signed)])
    groups = np.repeat(["speller", "signer"], [len(spelled), len(signed)])
    return clips_of(clips, labels, groups, HAND_21.name)


def _spelled(folder: Path) -> list[tuple[NDArray[np.float32], str]]:
    with np.load(folder / "yubimoji_76.npz") as file:
        points = (file["xy"] / file["scale"]).astype(np.float32)
        clips = [points[a:b] for a, b in pairwise(file["start"])]
        kana = file["kana"][file["label"]]
    return [(c, str(k)) for c, k in zip(clips, kana, strict=True) if str(k) in _SPELLED]


def _signed(folder: Path) -> list[tuple[NDArray[np.float32], str]]:
    """One signer's, of the hand that is seen in more frames."""
    return [(surer(clip), label) for clip, label in signs_of(folder, _SIGNER)]


def two_examples(data: GestureData, draws: int = DRAWS) -> dict[str, Any]:
    """Mean accuracy over draws of two examples a gesture, by ours and by plain warping."""
    ways: dict[str, Callable[[GestureData, GestureData], NDArray[np.int64]]] = {
        "ours": _ours,
        "plain DTW, keypoints": lambda a, b: _plain(a, b, _from_first),
        "plain DTW, directions of the fingertip": lambda a, b: _plain(a, b, _directions),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    for draw in range(draws):
        known = _draw(data.labels, np.random.default_rng(draw))
        shown, asked = data.take(known), data.take(~known)
        for name, way in ways.items():
            found[name].append(float((way(shown, asked) == asked.labels).mean()))
    figures = {n: {"mean": float(np.mean(f)), "worst": float(min(f))} for n, f in found.items()}
    return {"motions": len(data.gestures), "clips": len(data), **figures}


def _draw(labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.bool_]:
    known = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        known[rng.permutation(np.flatnonzero(labels == label))[:EXAMPLES]] = True
    return known


def _ours(shown: GestureData, asked: GestureData) -> NDArray[np.int64]:
    matcher = fit_matcher("templates", shown, TrainOptions(), 1)
    return predict_motions(matcher, asked).argmax(1)


def _plain(
    shown: GestureData, asked: GestureData, of: Callable[[GestureData], NDArray[np.float32]]
) -> NDArray[np.int64]:
    far = measure_dtw(of(asked), of(shown))
    return np.asarray(shown.labels[far.argmin(1)], np.int64)


def _from_first(data: GestureData) -> NDArray[np.float32]:
    """(N, T, 2 K) keypoints from the first frame's wrist in units of the hand."""
    points = np.nan_to_num(data.keypoints)
    size = np.linalg.norm(points - points[:, :, :1], axis=3).max(2).mean(1)[:, None, None, None]
    return ((points - points[:, :1, :1]) / size).reshape(*points.shape[:2], -1)


def _directions(data: GestureData) -> NDArray[np.float32]:
    """(N, T - 1, 2) of the steps of the index finger's tip."""
    steps = np.diff(np.nan_to_num(data.keypoints[:, :, HAND_21.traced]), axis=1)
    return steps / np.maximum(np.linalg.norm(steps, axis=2, keepdims=True), 1e-6)


# ------------------------------------------------------------------------------------------- folds


def cut_out(folder: Path) -> GestureData:
    """SFINGE 3D's dictionary as hands in space; twelve recordings of each gesture are a group."""
    clips, labels, thirds = sfinge.cut_out(folder)
    return clips_of(clips, labels, thirds, HAND_21.name)


def in_folds(data: GestureData, ways: list[str], epochs: int) -> dict[str, Any]:
    """Accuracy of the net, of templates or of both, each group left out once."""
    right: dict[str, list[NDArray[np.bool_]]] = {by: [] for by in ways}
    for known, asked in _folds(data):
        for by, found in right.items():
            matcher = fit_matcher(by, known, TrainOptions(), epochs)
            found.append(predict_motions(matcher, asked).argmax(1) == asked.labels)
    figures = {by: float(np.concatenate(found).mean()) for by, found in right.items()}
    return {"classes": len(data.gestures), "clips": len(data), **figures}


def _folds(data: GestureData) -> Iterator[tuple[GestureData, GestureData]]:
    for group in np.unique(data.persons):
        yield data.take(data.persons != group), data.take(data.persons == group)


def main() -> None:
    """Print the figures as JSON, a line for each part."""
    ways = ["templates", "net"]
    parts: dict[str, Callable[[Any, int], dict[str, Any]]] = {
        "examples": lambda given, _: two_examples(fifteen_motions(given.folder)),
        "cut-out": lambda given, epochs: in_folds(cut_out(given.folder), given.by, epochs),
        "stream": lambda given, epochs: sfinge.in_streams(given.folder, given.on, epochs),
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("parts", nargs="*", choices=[*parts, []], default=[*parts])
    parser.add_argument("--on", type=Path, help="stream: find in this folder's recordings instead")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--by", nargs="+", choices=ways, default=ways)
    given = parser.parse_args()
    for part in given.parts or parts:
        figures = parts[part](given, given.epochs or EPOCHS.get(part, 0))
        print(json.dumps({"part": part, **figures}), flush=True)


if __name__ == "__main__":
    main()
