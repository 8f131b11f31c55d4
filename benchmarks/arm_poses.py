"""Arm poses on pictures that the model never saw:

    python -m benchmarks.arm_poses DATA [--looks FILE.npz] [--keep FOLDER]

DATA is the folder with body/lspet and coco (Leeds Sports Pose Extended; COCO 2017). The poses are
labelled by the rule of core/recipes/arm_rule.py on the true keypoints; the model is trained on
BlazePose's estimates of four fifths of the pictures and measured on the last fifth, each in turn.
`--looks` remembers the estimates, `--keep` writes the model of all pictures, the one that ships.
"""

import argparse
import itertools
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from core.estimators import create_estimator
from core.files import write_whole
from core.gestures.data import GestureData
from core.gestures.labels import ARM_POSES, NONE
from core.gestures.model.card import model_card
from core.gestures.model.gesture_model import METADATA, MODEL, GestureModel
from core.gestures.training.fitting import TrainOptions
from core.gestures.training.learner import train
from core.learning.runs import Run
from core.paths import Paths
from core.recipes.arm_poses import (
    People,
    blocks_of,
    half_hidden,
    look_at,
    source_of,
    training_data,
    truth_of_coco,
    truth_of_lspet,
)
from core.recipes.arm_rule import UNCLEAR, label_of

FOLDS = 5
EPOCHS = 40  # twice as many as are usual for so many samples: the poses' borders are fine
NOTES = """## How it was made

By `python -m benchmarks.arm_poses`, which measures it, too (docs/measurements.md).

- **People**: of Leeds Sports Pose Extended (Johnson and Everingham, CVPR 2011) and COCO 2017; their
  pictures are no part of Mudra. A "person" above is a tenth of the pictures.
- **Keypoints**: MediaPipe's, hidden ones missing; half of the people without their legs, a quarter
  without their hips, as a webcam shows them.
- **Poses**: by a rule on the pictures' true keypoints (`core/recipes/arm_rule.py`), not on the
  estimator's. Few of these people show one of the poses, so their arms were turned into all of
  them: the arms as seen by as much as the true ones. Most of the figures above are of such arms,
  many of them at the border of a pose; docs/measurements.md has those of people as they are."""
NAMES = [gesture.name for gesture in ARM_POSES]


def main() -> None:
    """Print the table, keep the model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--looks", type=Path)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    people = _people(asked.data, asked.looks)
    labels = np.array([label_of(person) for person in people.truth])
    answers, halves = np.full(len(people), UNCLEAR), np.full(len(people), UNCLEAR)
    fold = blocks_of(people.pictures.tolist()) % FOLDS
    for number in range(FOLDS):
        model = _trained(training_data(people.take(np.flatnonzero(fold != number))))
        rows = np.flatnonzero(fold == number)
        answers[rows] = _answers(model, people.seen[rows])
        upper = half_hidden(people.seen[rows], np.random.default_rng(0), legs=1, hips=1)
        halves[rows] = _answers(model, upper)
    print(_table(labels, answers, people.detected))
    print("\nhips and legs out of the picture:\n")
    print(_table(labels, halves, people.detected), flush=True)
    if asked.keep:
        _trained(training_data(people), asked.keep)


def _people(data: Path, looks: Path | None) -> People:
    if looks is not None and looks.is_file():
        with np.load(looks) as known:
            return People(**known)
    with create_estimator("mediapipe-pose", Paths.find().weights) as estimator:
        people = look_at(_truths(data), estimator, lambda done: print(done, end="\r"))
    if looks is not None:
        np.savez(looks, **vars(people))
    return people


def _truths(data: Path) -> Iterator[tuple[Path, Any]]:
    coco = data / "coco"
    mini = coco / "mini" / "annotations"
    return itertools.chain(
        truth_of_lspet(data / "body" / "lspet"),
        truth_of_coco(coco / "more" / "person_keypoints.json", coco / "more" / "images"),
        truth_of_coco(mini / "person_keypoints_train2017.json", coco / "mini" / "train2017"),
        truth_of_coco(mini / "person_keypoints_val2017.json", coco / "mini" / "val2017"),
    )


def _trained(data: GestureData, keep: Path | None = None) -> GestureModel:
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(Path(folder), project="arms")
        train(data, run, TrainOptions(epochs=EPOCHS))
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            for name in (MODEL, METADATA):
                shutil.copy(run.path / name, keep)
            _add_origin(keep / METADATA, data)
            kept = GestureModel.load(keep)
            card = model_card(kept.metadata, kept.gestures, notes=NOTES)
            write_whole(keep / "CARD.md", card.encode())
        return GestureModel.load(run.path)


def _add_origin(metadata: Path, data: GestureData) -> None:
    """Which pictures the samples are of, and what found their keypoints."""
    sources = Counter(map(source_of, data.recordings.tolist()))
    origin = {
        "sources": dict(sources.most_common()),
        "estimator_versions": {f"{version('mediapipe')}/full": len(data)},
    }
    about = json.loads(metadata.read_text(encoding="utf-8")) | {"origin": origin}
    write_whole(metadata, json.dumps(about, ensure_ascii=False, indent=1).encode())


def _answers(model: GestureModel, seen: np.ndarray) -> np.ndarray:
    """(N,) what the app says, as indices of ARM_POSES: too unknown, or too unsure, is none."""
    table, rejection = model.predict(seen, np.zeros(len(seen), bool))
    said = [NAMES.index(model.gestures[best].name) for best in table.argmax(1)]
    nothing = (rejection > model.rejects_above) | (table.max(1) < model.threshold)
    return np.where(nothing, NAMES.index(NONE.name), said)


def _table(labels: np.ndarray, answers: np.ndarray, detected: np.ndarray) -> str:
    lines = ["| pose | people | detected | right | of the detected | taken for |", "|" + "---|" * 6]
    poses = labels != UNCLEAR
    for label, name in [*enumerate(NAMES), (None, "all poses"), (None, "all")]:
        if label is not None:
            mine = labels == label
        else:
            mine = poses & (labels != NAMES.index(NONE.name)) if name == "all poses" else poses
        seen = mine & detected
        right = (answers == labels)[seen]
        others = [NAMES[said] for said in answers[seen & (answers != labels)]]
        wrong = ", ".join(f"{one} {others.count(one)}" for one in sorted({*others}))
        share = f"{100 * right.mean():.1f} %" if len(right) else "–"
        cells = (
            name,
            mine.sum(),
            seen.sum(),
            right.sum(),
            share,
            wrong if label is not None else "",
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
