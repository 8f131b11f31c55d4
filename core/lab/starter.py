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
from core.gestures.classifier.nets import OpenSetNet, run_net
from core.gestures.data import GestureData
from core.gestures.evaluation.leave_one_out import leave_one_person_out, summarise_persons
from core.gestures.evaluation.protocol import Part, Protocol
from core.gestures.modelfile.export import save_model
from core.gestures.openset.rejection import TARGET, fit_rejection
from core.lab.open_set import (
    Answer,
    rate_acceptance,
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


def list_recipe() -> dict[str, Any]:
    """Return the training settings of `make_starter`, for metadata.json."""
    settings = {name: getattr(OPTIONS, name) for name in _SETTINGS}
    used = {name: value for name, value in asdict(OPTIONS.augmentation).items() if value}
    return {"epochs": EPOCHS, **settings, **used, "true-accept target": TARGET}


def describe_recipe_changes(recorded: Mapping[str, Any]) -> str:
    """Describe, for its card, how a model's recorded settings differ from the current recipe."""
    current = list_recipe()
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
        "recipe": list_recipe(),
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
        return lambda asked: run_net(net, asked)

    scores = score_held_out_people(data, read_unknown_digits(landmarks), hands, fit)
    return {
        "rejection": summarise_scores(scores).model_dump(),
        "by": rate_acceptance(scores, [gesture.name for gesture in data.gestures]),
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
    missed = _list_missed_gestures(pictures, hands.classes, set(hands.pictures))
    return compute_accuracies(target + missed, predicted + ["undetected"] * len(missed))


def _list_missed_gestures(
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
    """Format the starter's model card, whose template is in starter_card.md."""
    recorders = "\n".join(
        f"| {person} | {found['n']} | {_format_percent(found['accuracy'])} |"
        for person, found in sorted(figures["per_person"].items())
    )
    counts = ", ".join(
        f"{gesture.title} {int((data.labels == i).sum())}"
        for i, gesture in enumerate(data.gestures)
    )
    template = Path(__file__).with_name("starter_card.md").read_text(encoding="utf-8")
    return template.format(
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
        recipe=describe_recipe_changes(list_recipe()),
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
