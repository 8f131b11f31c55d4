"""Options and arguments that commands share."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

Json = Annotated[bool, Option("--json", help="Print one JSON document on stdout.")]
Workspace = Annotated[
    Path | None, Option(help="Database, runs and models; else MUDRA_WORKSPACE or data/.")
]
Mapping = Annotated[str | None, Option("--map", help="Labels to gestures: 1=point_up,5=open_palm.")]
Layout = Annotated[str, Option(help="auto, folders, keypoints-csv, seed-csv or point-history.")]
TableSkeleton = Annotated[
    str | None,
    Option(
        "--skeleton",
        help="Of a table without a column skeleton, else what fits: hand_21, body_33, msra_21 ….",
    ),
]
OwnEstimator = Annotated[
    str | None,
    Option(
        "--estimator",
        help="mediapipe-hands, mediapipe-both-hands, mediapipe-pose, a net; else what fits.",
    ),
]
TableEstimator = Annotated[
    str, Option("--estimator", help="mediapipe-hands, mediapipe-both-hands or mediapipe-pose.")
]
ModelName = Annotated[str, Option(help="A folder, a run's name, NAME.gesture, or starter.")]
NewProject = Annotated[str, Option("--project", help="Created if missing.")]
ProjectName = Annotated[str, Option("--project", help="The project of the samples.")]
TrainingProject = Annotated[str, Option("--project", help="The project to train on.")]
TrainingEstimator = Annotated[
    str | None, Option("--estimator", help="Only samples of this estimator.")
]
AnySource = Annotated[
    str,
    Option(
        "-i",
        "--input",
        help="camera:N of this machine, a video; of depth: a recording, sensor:NAME.",
    ),
]
DepthNetName = Annotated[
    str | None, Option("--depth", help="For depth input: the net that finds the hand's keypoints.")
]
DepthCamera = Annotated[
    str | None,
    Option("--camera", help="nyu, icvl, msra, hands17 or nvgesture; else as the recording says."),
]
DepthUnit = Annotated[
    float | None, Option("--unit-mm", min=0.0001, help="Unit of a recording's numbers, as 0.125.")
]
NumHands = Annotated[
    int, Option("--hands", "--persons", min=1, max=4, help="Hands or persons to look for.")
]
Workers = Annotated[int, Option(min=1, help="Processes for pictures.")]
On = Annotated[
    str, Option("--on", help="local; ray, started here or at RAY_ADDRESS; or ray://HOST:PORT.")
]
GestureFile = Annotated[Path, Argument(help="NAME.gesture.")]
InBin = Annotated[bool, Option("--bin", help="List the bin instead.")]


def _require_yes(yes: bool) -> None:
    if not yes:
        raise typer.BadParameter("this can't be undone: say --yes", param_hint="--yes")


Yes = Annotated[bool, Option("--yes", help="Confirm what can't be undone.", callback=_require_yes)]
