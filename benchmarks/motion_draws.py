"""Gestures that move among talking hands, without a browser: lessons drawn anew each time.

    python -m benchmarks.motion_draws FOLDER PHOTO [--draws N] [--json]

The keypoints of the hand on a photo are moved, with noise, along the ways of `motion_minute`: five
performances of each gesture and five pieces of other movement are taught; performances and other
movement that the minute does not ask are told by a stream, once by models for which a gesture
reaches as far as its examples, and once by the same without that rule. Counted as the minute's.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import moved_hand
from benchmarks.motion_minute import (
    GESTURES,
    TAUGHT,
    TAUGHT_TALK,
    Shown,
    Told,
    asked_ways,
    compared,
    hand_on,
)
from benchmarks.moved_hand import AFTER, AWAY, FPS, HAND_PX, OTHER, REST, Part, Way
from benchmarks.studio import report
from core.gestures.data import GestureData
from core.gestures.labels import GestureLabel
from core.gestures.model.gesture_model import GestureModel
from core.gestures.motion.stream import MotionStream
from core.gestures.motion.trimming import moving_part
from core.gestures.motion.windows import window
from core.gestures.training.export import save_motion_model
from core.gestures.training.motion_learner import fit_templates
from core.pose.skeletons import HAND_21

_PERFORMED = 8  # of each gesture
_AWAY_S = 0.5
_TREMBLES_PX, _JITTERS_PX = 1.0, 0.8  # the hand, and each of its keypoints beside

Hand = NDArray[np.float32]


def moved(part: Part, hand: Hand, rng: np.random.Generator) -> Iterator[Hand | None]:
    """(21, 2) pixels, frame by frame; None where the hand is away."""
    for frame in range(part.frames):
        if not len(part.way):
            yield None
            continue
        at = part.way[min(frame, len(part.way) - 1)] * moved_hand.METRE_PX * [-1, 1]
        noise = rng.normal(0, _TREMBLES_PX, 2) + rng.normal(0, _JITTERS_PX, hand.shape)
        yield (hand + at + noise).astype(np.float32)


def lessons(
    ways: dict[str, list[Way]], talk: list[Way], hand: Hand, rng: np.random.Generator
) -> GestureData:
    """As they are recorded, each cut to what moves."""
    drawn = [(name, way) for name in GESTURES for way in _some(ways[name], TAUGHT, rng)]
    drawn += [(OTHER, way) for way in _some(talk, TAUGHT_TALK, rng)]
    clips, labels, seconds = [], [], []
    for name, way in drawn:
        parts = moved_hand.performance(name, way, 0.0)
        points = np.stack([p for part in parts for p in moved(part, hand, rng) if p is not None])
        times = np.arange(len(points)) / FPS
        if (own := moving_part(points, times)) is not None:
            clips.append(window(points[own], times[own]))
            seconds.append(float(np.ptp(times[own])))
            labels.append([*GESTURES, OTHER].index(name))
    one = np.full(len(clips), "one")
    gestures = tuple(map(GestureLabel, (*GESTURES, OTHER)))
    each = np.arange(len(clips)).astype(str)
    seen = np.zeros(len(clips), bool)
    about = (gestures, one, one, each)
    data = GestureData(np.stack(clips), seen, np.array(labels), *about, skeleton=HAND_21.name)
    return replace(data, seconds=np.array(seconds))


def _some(ways: list[Way], number: int, rng: np.random.Generator) -> list[Way]:
    return [ways[i] for i in rng.permutation(len(ways))[:number]]


def told_of(
    parts: list[Part], model: GestureModel, hand: Hand, rng: np.random.Generator
) -> tuple[list[Told], list[Shown]]:
    """What a stream tells of the parts, and when they were shown; seconds from the begin."""
    stream, told, shown, frame = MotionStream(model), [], [], 0
    for part in parts:
        if part.what not in (REST, AFTER, AWAY):
            shown.append(Shown(frame / FPS, (frame + part.frames) / FPS, part.what))
        for points in moved(part, hand, rng):
            if event := stream.step(frame / FPS, points):
                told.append(Told(frame / FPS, event.gesture.name, event.confidence))
            frame += 1
    return told, shown


def asked(folder: Path, rng: np.random.Generator) -> list[Part]:
    """Performances and other movement, none of the minute's."""
    ways, others = moved_hand.recorded_ways(folder)
    theirs, their_talk = asked_ways(ways, others)
    used = [id(way) for own in (*theirs.values(), their_talk) for way in own]
    parts = [moved_hand.away(3.0)]
    for name in GESTURES:
        rest = [way for way in ways[name] if id(way) not in used]
        for way in _some(rest, _PERFORMED, rng):
            parts += moved_hand.performance(name, way, _AWAY_S)
    for way in (way for one in others[::2] for way in one if id(way) not in used):
        parts += [moved_hand.moving(OTHER, way), moved_hand.away(_AWAY_S)]
    return [*parts, moved_hand.away(3.0)]


def one_draw(folder: Path, hand: Hand, seed: int) -> dict[str, Any]:
    """The counts, with the rule and without."""
    rng = np.random.default_rng(seed)
    talk = [way for one in moved_hand.recorded_ways(folder)[1][1::2] for way in one]
    data = lessons(moved_hand.cut_out_ways(folder), talk, hand, rng)
    parts, examples = asked(folder, rng), fit_templates(data)
    free = replace(examples, least=(0.0,) * len(data.gestures))
    found = {}
    for name, one in {"as far as the examples": examples, "however far": free}.items():
        with tempfile.TemporaryDirectory() as room:
            save_motion_model(one, data, Path(room), {}, one)
            model = GestureModel.load(Path(room))
            counts = compared(*told_of(parts, model, hand, np.random.default_rng(seed)))
        found[name] = {what: count for what, count in counts.items() if what != "rows"}
    return found


def main() -> None:
    """Print the counts of each draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    points = hand_on(given.photo)[1]
    hand = (points - points.mean(0)) * HAND_PX / float(np.ptp(points[:, 1]))
    found = {f"draw {seed}": one_draw(given.folder, hand, seed) for seed in range(given.draws)}
    report(found, as_json=given.json)


if __name__ == "__main__":
    main()
