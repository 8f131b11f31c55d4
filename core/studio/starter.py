"""The starter model that Mudra ships: how it is made, measured and described."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.gestures.data import GestureData
from core.studio.importing import import_path
from core.studio.store import Store

EPOCHS = 12  # leave-one-recorder-out accuracy is flat from 10 to 25
PROJECT = "starter"


def starter_data(table: Path) -> GestureData:
    """A keypoint table as samples, by the same way as any import."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "starter.db")
        try:
            import_path(store, PROJECT, table, estimator_factory=None)
            return store.training_data(store.project(PROJECT).id)
        finally:
            store.close()


def make_starter(table: Path, folder: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """Measure leave-one-recorder-out, train on everything, write model and card into `folder`.

    Returns:
        The summary that the card shows: mean, worst recorder, pooled accuracy, per recorder.
    """
    from core.gestures.export import save_model
    from core.gestures.training import (
        TrainOptions,
        fit_all,
        leave_one_person_out,
        without_empty_gestures,
    )

    data = without_empty_gestures(starter_data(table))
    options = TrainOptions(epochs=EPOCHS)
    tell(f"{len(data)} samples of {len(np.unique(data.persons))} recorders")
    summary = summarise(leave_one_person_out(data, options, EPOCHS))
    tell(f"leave-one-recorder-out mean {summary['mean_accuracy']:.4f}")
    about = {"split": "leave-one-person-out", "optimistic": False, "figures": summary,
             "refitted_on_all": True, "best_epoch": EPOCHS, "name": "starter"}  # fmt: skip
    with tempfile.TemporaryDirectory() as fresh:
        save_model(fit_all(data, options, EPOCHS), data, Path(fresh), about)
        (Path(fresh) / "CARD.md").write_text(_card(data, summary), encoding="utf-8")
        folder.mkdir(parents=True, exist_ok=True)
        for file in Path(fresh).iterdir():
            shutil.copyfile(file, folder / file.name)
    return summary


def summarise(per_person: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Mean over persons (each counts once), the worst of them, and the share of all samples."""
    accuracies = {person: found["accuracy"] for person, found in per_person.items()}
    worst = min(accuracies, key=lambda person: accuracies[person])
    n = sum(found["n"] for found in per_person.values())
    right = sum(found["n"] * found["accuracy"] for found in per_person.values())
    return {
        "n": n,
        "mean_accuracy": float(np.mean(list(accuracies.values()))),
        "accuracy": right / n,
        "worst_person": worst,
        "worst_accuracy": accuracies[worst],
        "per_person": {p: {"n": f["n"], "accuracy": f["accuracy"]} for p, f in per_person.items()},
    }


def _card(data: GestureData, summary: dict[str, Any]) -> str:
    rows = "\n".join(
        f"| {person} | {found['n']} | {100 * found['accuracy']:.2f} |"
        for person, found in sorted(summary["per_person"].items())
    )
    counts = ", ".join(
        f"{gesture.title} {int((data.labels == i).sum())}"
        for i, gesture in enumerate(data.gestures)
    )
    return _CARD.format(
        n=len(data),
        persons=len(summary["per_person"]),
        counts=counts,
        rows=rows,
        mean=100 * summary["mean_accuracy"],
        pooled=100 * summary["accuracy"],
        worst=summary["worst_person"],
        worst_accuracy=100 * summary["worst_accuracy"],
        epochs=EPOCHS,
    )


_CARD = """# Starter gesture model

Recognises eight hand gestures from the 21 hand keypoints of one hand.

- **Made by** `python -m core starter TABLE -o data/models/starter`, where TABLE is a csv of
  keypoints with the columns source_repo, license, source_label, gesture, x0, y0 … x20, y20.
- **Learned from** {n} samples of {persons} recorders, keypoints by MediaPipe, gathered from public
  projects that record hand keypoints: {counts}.
  The table itself is not part of Mudra.
- **Net**: the features of `core/gestures/features.py`, then an MLP (256, 128), {epochs} epochs.
- **No `none`**: it knows no "anything else". Other signs and a relaxed hand get one of the eight
  names, often with high probability.
- **Direction** means the picture as it is seen: 👉 points to the right on the screen.

## Leave one recorder out

Each row is a model that never saw that recorder. Mean of the recorders **{mean:.2f} %**, all
samples together {pooled:.2f} %, worst recorder **{worst}** ({worst_accuracy:.2f} %).

| recorder | samples | accuracy % |
|---|---|---|
{rows}

Rows of one recorder are neighbouring video frames, so their number says little about how certain a
figure is; the spread between the recorders does.
"""
