"""The starter model that Mudra ships: how it is made, measured and described."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core.gestures.classifier.augmentation import Augmentation
from core.gestures.classifier.fitting import TrainOptions, fit_all, predict_samples
from core.gestures.classifier.nets import OpenSetNet
from core.gestures.data import GestureData
from core.gestures.evaluation.leave_one_out import leave_one_person_out, summarise_persons
from core.gestures.evaluation.protocol import Part, Protocol
from core.gestures.modelfile.export import save_model
from core.gestures.openset.rejection import TARGET, fit_rejection, predict_open_set
from core.lab.open_set import (
    Answer,
    acceptance_rates,
    read_unknown_digits,
    read_unknown_signs,
    score_held_out_people,
    summarise_scores,
)
from core.lab.starter_data import SOURCES, read_all_samples, read_picture_hands
from core.measuring.gesture_evaluation import compute_accuracies, select_picture_gesture
from core.media.pictures import PICTURE_SUFFIXES

EPOCHS = 12  # leave-one-recorder-out accuracy is flat from 10 to 25 (docs/accuracy.md)
# turned fists and palms: without them a fist that hangs down was read as `none`
OPTIONS = TrainOptions(epochs=EPOCHS, augmentation=Augmentation(mirror=0.5, turn=0.8, aim=0.25))

# epochs and augmentation were compared on the very recorders and photos that are left out below
PROTOCOL = Protocol(
    "leave-one-person-out",
    {
        "epochs": Part.HELD_OUT,
        "augmentation": Part.HELD_OUT,
        "rejection threshold": Part.OTHER_FOLDS,
    },
)
_SETTINGS = ("hidden", "batch_size", "learning_rate", "weight_decay", "label_smoothing", "seed")

OnProgress = Callable[[str], None]


def current_recipe() -> dict[str, Any]:
    """Return the training settings of `make_starter`, for metadata.json."""
    settings = {name: getattr(OPTIONS, name) for name in _SETTINGS}
    used = {name: value for name, value in asdict(OPTIONS.augmentation).items() if value}
    return {"epochs": EPOCHS, **settings, **used, "true-accept target": TARGET}


def describe_recipe_changes(recorded: Mapping[str, Any]) -> str:
    """Describe, for its card, how a model's recorded settings differ from the current recipe."""
    current = current_recipe()
    changed = [
        f"{name} {recorded.get(name, 'none')} (now {current.get(name, 'none')})"
        for name in sorted({*recorded, *current})
        if recorded.get(name) != current.get(name)
    ]
    if not changed:
        return "- **Recipe**: the settings of `core/lab/starter.py`."
    return (
        "- **Recipe**: made before `core/lab/starter.py` changed, which makes another model "
        f"now; this one by {', '.join(changed)}."
    )


def make_starter(
    folder: Path,
    out: Path,
    landmarks: Path,
    extract_keypoints: Callable[[str], None],
    progress: OnProgress,
) -> dict[str, Any]:
    """Evaluate the starter leave-one-group-out by recorder and picture source, then train on
    everything and write the model and its card; return the card's figures. Keypoints of sources are
    read as in `read_all_samples`."""
    data = read_all_samples(folder, landmarks, extract_keypoints)
    progress(f"{len(data)} samples")
    recorders = {str(p) for p in data.persons if "/" in p and not p.startswith("signs of ")}
    figures = summarise_persons(leave_one_person_out(data, OPTIONS, EPOCHS, only=recorders))
    progress(f"recorders left out: mean accuracy {figures['mean_accuracy']:.4f}")
    figures["sources"] = {}
    for name in SOURCES:
        found = measure_picture_source(data, folder, landmarks, name)
        figures["sources"][name] = found
        progress(f"{name} left out: {found['accuracy_detected']:.4f} of detected")
    open_set = measure_open_set(data, folder, landmarks)
    figures["open_set"] = open_set["by"]
    progress(f"unknown hands: {open_set['rejection']}")
    about = {
        **PROTOCOL.to_dict(),
        "recipe": current_recipe(),
        "figures": figures,
        "rejection": open_set["rejection"],
        "refitted_on_all": True,
        "best_epoch": EPOCHS,
        "name": "starter",
    }
    with tempfile.TemporaryDirectory() as fresh:
        net = train_starter_net(data)
        save_model(net, data, Path(fresh), about)
        card = _format_card(data, figures, open_set["rejection"])
        (Path(fresh) / "CARD.md").write_text(card, encoding="utf-8")
        out.mkdir(parents=True, exist_ok=True)
        for file in Path(fresh).iterdir():
            shutil.copyfile(file, out / file.name)
    return figures


def train_starter_net(data: GestureData) -> OpenSetNet:
    """Train the starter's net on these samples."""
    return fit_rejection(fit_all(data, OPTIONS, EPOCHS), data, OPTIONS.augmentation)


def measure_open_set(data: GestureData, folder: Path, landmarks: Path) -> dict[str, Any]:
    """Measure rejection of unknown hands for held-out people, also by gesture and sign."""
    hands = read_unknown_signs(folder / "hand_crops" / "crops.csv")

    def fit(samples: GestureData) -> Answer:
        net = train_starter_net(samples)
        return lambda asked: predict_open_set(net, asked)

    scores = score_held_out_people(data, read_unknown_digits(landmarks), hands, fit)
    return {
        "rejection": summarise_scores(scores).model_dump(),
        "by": acceptance_rates(scores, [gesture.name for gesture in data.gestures]),
    }


def measure_picture_source(
    data: GestureData, folder: Path, landmarks: Path, name: str
) -> dict[str, Any]:
    """Measure accuracy on a picture source, leaving it or each of its blocks out of training. As in
    `evaluate`, every picture counts, by its hand with the most confident gesture."""
    hands = read_picture_hands(name, landmarks / f"{name}.parquet")
    target, predicted = [], []
    for block in sorted(set(hands.persons)):
        net = fit_all(data.take(data.persons != block), OPTIONS, EPOCHS)
        theirs = np.flatnonzero(hands.persons == block)
        table = predict_samples(net, hands.to_unlabelled(theirs))
        rows = [tuple(zip(data.gestures, map(float, row), strict=True)) for row in table]
        for picture in sorted(set(hands.pictures[theirs])):
            mine = [rows[i] for i in np.flatnonzero(hands.pictures[theirs] == picture)]
            target.append(hands.gesture_of(picture))
            predicted.append(select_picture_gesture(mine))
    pictures = folder / "hand_images" / name
    missed = _gestures_without_hand(pictures, hands.classes, set(hands.pictures))
    return compute_accuracies(target + missed, predicted + ["undetected"] * len(missed))


def _gestures_without_hand(
    folder: Path, classes: dict[str, str], pictures_with_hand: set[str]
) -> list[str]:
    """Return the gesture label of each picture in which no hand was found."""
    paths = [p for p in folder.glob("*/*") if p.suffix.lower() in PICTURE_SUFFIXES]
    names = [(p.parent.name, p.relative_to(folder).as_posix()) for p in paths]
    return [
        classes[label]
        for label, name in names
        if label in classes and name not in pictures_with_hand
    ]


def _format_card(data: GestureData, figures: dict[str, Any], rejection: dict[str, Any]) -> str:
    """Format the starter's model card as Markdown."""
    recorders = "\n".join(
        f"| {person} | {found['n']} | {_format_percent(found['accuracy'])} |"
        for person, found in sorted(figures["per_person"].items())
    )
    counts = ", ".join(
        f"{gesture.title} {int((data.labels == i).sum())}"
        for i, gesture in enumerate(data.gestures)
    )
    return _CARD.format(
        n=len(data),
        counts=counts,
        origins="\n".join(f"  - {s.origin} ({s.licence})" for s in SOURCES.values()),
        recorders=recorders,
        sources="\n".join(_format_source_row(name, f) for name, f in figures["sources"].items()),
        mean=_format_percent(figures["mean_accuracy"]),
        low=_format_percent(figures["interval"][0]),
        high=_format_percent(figures["interval"][1]),
        pooled=_format_percent(figures["accuracy"]),
        worst=figures["worst_person"],
        worst_accuracy=_format_percent(figures["worst_accuracy"]),
        **_describe_open_set(figures["open_set"], rejection),
        epochs=EPOCHS,
        recipe=describe_recipe_changes(current_recipe()),
        choices=PROTOCOL.describe_choices(),
    )


def _describe_open_set(rates: dict[str, Any], rejection: dict[str, Any]) -> dict[str, Any]:
    """Format the model card's figures about unknown hands, as fields of its template."""
    rows = {**rates["gestures"], **rates["foreign"]}
    worst = sorted(rates["signs"], key=lambda sign: -rates["signs"][sign])[:3]
    return {
        "threshold": rejection["threshold"],
        "measured_on": rejection["measured_on"],
        "true_accept": _format_percent(rejection["true_accept"]),
        "let_through": "\n".join(f"| {n} | {_format_percent(row)} |" for n, row in rows.items()),
        "worst_signs": ", ".join(f"{s} {_format_percent(rates['signs'][s])} %" for s in worst),
    }


def _format_source_row(name: str, figures: dict[str, Any]) -> str:
    """Format a picture source's row of the model card's table."""
    shares = ", ".join(
        f"{gesture} {_format_percent(row['accuracy_detected'])}"
        for gesture, row in figures["per_gesture"].items()
    )
    detected = _format_percent(figures["detected"] / figures["n"])
    right = _format_percent(figures["accuracy_detected"])
    return f"| {name} | {figures['n']} | {detected} | {right} | {shares} |"


def _format_percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f}"


_CARD = """# Starter gesture model

Recognises eight hand gestures, and `none`, from the 21 hand keypoints of one hand.

- **Made by** `python -m core starter DATA -o data/models/starter`; `core/lab/starter_data.py`
  says what DATA holds.
{recipe}
- **Trained on** {n} samples: {counts}.
  Keypoints by MediaPipe of 18 recorders, gathered from public projects; keypoints that Mudra found
  in the pictures of
{origins}
  and, for `none`, keypoints of other signs (peace, call, scissors, two), digits 0, 3, 6 and 8, and
  hands that hang beside a gesturing one. None of these pictures is part of Mudra.
- **👉 and 👈** of the pictures are ☝ turned by 90°.
- **Net**: the features of `core/gestures/features/feature_set.py`, then an MLP (256, 128),
  {epochs} epochs; samples mirrored, 👌 👊 ✋ turned by any angle,
  and ☝ 👉 👈 turned until the finger points elsewhere.
- **Direction** means the picture as it is seen: 👉 points to the right on the screen.
- **Rejection**: a second net (128, 64) beside it, taught by `none` and by hands made of two real
  ones, and the first net's `none`; above {threshold:.3f} a hand gets no gesture.
- **How the figures came about**: each is of models that never saw that recorder or source.
  {choices}
- **Limits**: a sign that differs from a gesture by little may get its name, see below.

## Pictures: each source from a model that never saw it

Accuracy is the share of correct answers among the pictures with a hand found.
Digits are left out in five blocks of consecutive pictures, since neighbours are often of one
person.

| source | pictures | hand found % | accuracy % | by gesture % |
|---|---|---|---|---|
{sources}

What goes wrong, seen on the pictures: the keypoints lie wrong in small blurred crops (most HaGRID
errors; those where the palm detector took a knuckle for a palm are gone since such crops get a
second pass with surroundings). The hands that are
missed are mostly fists seen from the side or the back, before a bare wall (arya), and hands half in
the dark (dharshini), where shadows are found as hands too, and fists and thumbs that are held
sideways or down are read as `none`. Thumbs that hardly rise above the fist are read as 👊.

## Hands that are none of the gestures

In five folds, each by a model of its own and by a threshold chosen on the other folds' gestures:
{measured_on}. The accept rate is
the share that got one of the eight names: true accepts among the gestures, false accepts
among the rest.

| hands | accepted % |
|---|---|
| the eight gestures, mean | {true_accept} |
{let_through}

Of the other signs, those accepted most: {worst_signs}. L is an index
finger up with the thumb out, close to ☝.

## Keypoints: leave one recorder out

Each row is a model that never saw that recorder. Mean of the recorders **{mean} %** (95 % interval
{low} to {high}), all samples together {pooled} %, worst recorder **{worst}** ({worst_accuracy} %).

| recorder | samples | accuracy % |
|---|---|---|
{recorders}

Rows of one recorder are neighbouring video frames, so their number says little about how certain a
figure is; the spread between the recorders does.
"""
