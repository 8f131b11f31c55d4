"""Trains a belief-map net from a folder of pictures: pack, run, and the file to use."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import TrainingError
from core.learning.datasets import read_pack
from core.learning.runs import Run
from core.studio.net_data import make_pack
from core.studio.places import Places
from core.studio.starter_data import make_landmarks

NET = "net"  # the folder in a run that holds what can be used


def train_net_here(
    places: Places,
    name: str,
    data: Path,
    *,
    minutes: float,
    resume: str | None = None,
    options: dict[str, Any] | None = None,
    progress: Callable[[int, int | None], None],
) -> tuple[Run, Path]:
    """Train and wait for the end; an interrupt ends it early and keeps what was learned.

    Args:
        data: holds hand_crops/ and hand_images/; its pack is made once and kept in the workspace.
        resume: name of a run to go on with.
        options: more of `NetOptions`.

    Returns:
        The run, and the folder of the net.

    Raises:
        MudraError: what went wrong.
    """
    # torch takes seconds to load and is needed by nothing before this
    from core.learning.loop import NetOptions, train_net
    from core.learning.netfile import save_trained

    crops = read_pack(_packed(places, data, progress))
    run = _run(places, name, resume, minutes)
    total = round(minutes * 60)
    weights = train_net(
        name, crops, run, NetOptions(minutes=minutes, **(options or {})),
        lambda spent: progress(min(round(spent), total), total),
    )  # fmt: skip
    if _rank() == 0:
        save_trained(weights, run.path / NET, name, _about(run, len(crops.rows(""))))
    return run, run.path / NET


def _packed(places: Places, data: Path, progress: Callable[[int, int | None], None]) -> Path:
    """The pack's folder; made where it is missing."""
    pack = places.workspace / "packs" / "hands"
    if (pack / "table.csv").is_file():
        return pack
    if "RANK" in os.environ:
        raise TrainingError(
            f"several processes can't make the pack of crops at once: train for a minute without "
            f"torchrun first, then {pack} is there"
        )
    if not (data / "hand_crops").is_dir() or not (data / "hand_images").is_dir():
        raise TrainingError(f"{data} has no hand_crops/ and hand_images/: give the folder that has")
    landmarks = places.workspace / "landmarks"
    make_pack(
        data, pack, landmarks,
        lambda source: make_landmarks(data, landmarks, places.weights, source), progress,
    )  # fmt: skip
    return pack


def _run(places: Places, name: str, resume: str | None, minutes: float) -> Run:
    if resume is None:
        return Run.create(places.net_runs, net=name, minutes=minutes)
    run = Run.open(places.net_runs / resume)
    run.resume()
    return run


def _rank() -> int:
    return int(os.environ.get("RANK", "0"))


def _about(run: Run, learnt: int) -> dict[str, Any]:
    looks = run.records("look")
    return {
        "teacher": "mediapipe-hands",
        "estimator": "cpm",
        "licence": "Apache-2.0",
        "learnt_from": learnt,
        "steps": looks[-1]["step"],
        "held_out": looks[-1]["held_out"],
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
