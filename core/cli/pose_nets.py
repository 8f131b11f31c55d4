"""The commands that train and measure pose nets."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from core.cli import common
from core.paths import Paths

app = typer.Typer()


@common.command(app, "evaluate-net")
def evaluate_net(
    name: Annotated[str, Argument(help="A net, e.g. cpm.hand_light, or its folder.")],
    data: Annotated[
        list[Path], Option(help="Pictures, folders are searched; else as its training's.")
    ],
    teacher: Annotated[
        str, Option(help="Estimator that finds the reference keypoints.")
    ] = "mediapipe-hands",
    loose: Annotated[bool, Option(help="Show it boxes as loose as a tracker's.")] = False,
    out: Annotated[
        Path | None,
        Option("-o", "--output", help="For depth: file for the predicted keypoints, as u v d."),
    ] = None,
) -> common.Answer:
    """Evaluate a net's keypoints: hand nets against a teacher's, body and depth nets against
    labels."""
    from core.estimators.depth_nets import DepthNet
    from core.estimators.heatmap_net import HeatmapNet
    from core.lab.renderer.rendered_hands import read_or_render_depth_hands
    from core.measuring.body_evaluation import is_body_net, measure_bodies
    from core.measuring.depth_evaluation import measure_depth_net
    from core.measuring.hand_net_evaluation import evaluate_hand_net
    from core.modelfiles.model_folder import DepthMetadata, is_net_folder
    from core.pose.skeletons.table import skeleton_named

    paths = Paths.find()
    if is_net_folder(paths.net(name), DepthMetadata):
        with common.progress_bar("measuring") as progress:
            net_of_depth = DepthNet(paths.net(name), threads=2)
            hands = read_or_render_depth_hands(data[0], skeleton_named(net_of_depth.skeleton))
            found = measure_depth_net(net_of_depth, hands, out, progress)
        about = "in cubes centred on the true keypoints, which is easier than what papers measure"
        return found | {
            "cubes": "centred on the truth"
        }, f"{about}\n{_format_depth_evaluation(found)}"
    net = HeatmapNet(paths.net(name), threads=2)
    if is_body_net(net):
        with common.progress_bar("measuring") as progress:
            found = measure_bodies(paths, name, data[0], None, progress=progress)
        return found, _format_body_evaluation(found)
    with (
        common.estimator_factory(paths, teacher)() as judge,
        common.progress_bar("detecting") as progress,
    ):
        found = evaluate_hand_net(net, data, judge, loose=loose, progress=progress)
    lines = [f"{found['n']} pictures, {found['detected']} with a hand"]
    for row in found["stages"]:
        lines.append("  ".join(f"{key} {value}" for key, value in row.items()))
    return found, "\n".join(lines)


@common.command(app, "evaluate-coco")
def evaluate_coco(
    truth: Annotated[Path, Option(help="COCO annotations: person_keypoints_….json.")],
    predictions: Annotated[Path, Option(help="Keypoints found, in COCO's results format.")],
) -> common.Answer:
    """Evaluate predicted body keypoints as COCO does: average precision and recall."""
    from core.measuring.coco_evaluation import FIGURES
    from core.measuring.coco_evaluation import evaluate_coco as evaluate_

    found = evaluate_(truth, predictions)
    shown = ["–" if found[name] < 0 else f"{found[name]:.4f}" for name in FIGURES]
    lines = [f"{name:5} {value:>6}" for name, value in zip(FIGURES, shown, strict=True)]
    return found, "\n".join([f"{found['n']} persons found", *lines])


@common.command(app, "evaluate-depth")
def evaluate_depth(
    truth: Annotated[Path, Option(help="Labels: a frame a line, u v d of every keypoint.")],
    predictions: Annotated[Path, Option(help="What was found, in the same format.")],
    camera: Annotated[str, Option(help="nyu, icvl, msra or hands17.")],
    split: Annotated[
        int | None, Option(help="Also before and from this frame on; NYU's persons: 2440.")
    ] = None,
) -> common.Answer:
    """Evaluate predicted depth hands against labels: mean errors in mm and success rates."""
    from core.depth.cameras import CAMERAS
    from core.measuring.depth_evaluation import evaluate_depth as evaluate_

    common.check_choice(camera, CAMERAS, "--camera")
    found = evaluate_(truth, predictions, camera, split)
    return found, _format_depth_evaluation(found)


def _format_depth_evaluation(result: dict[str, Any]) -> str:
    """Format a depth evaluation: mean errors (overall, per part and keypoint) and success rates."""
    lines = [f"{result['n']} frames, mean error {result['mean_mm']:.3f} mm"]
    for part in result.get("parts", []):
        first, last = part["frames"]
        lines.append(f"  frames {first} to {last}: {part['mean_mm']:.3f} mm")
    joints = " ".join(f"{value:.3f}" for value in result["per_joint_mm"])
    shares = "  ".join(f"{mm} mm {100 * s:.2f} %" for mm, s in result["success"].items())
    return "\n".join([*lines, f"by keypoint: {joints}", f"frames all within: {shares}"])


@common.command(app, "evaluate-bodies")
def evaluate_bodies(
    data: Annotated[
        Path, Option(help="COCO's or LSPET's folder, or a file: COCO's annotations, MPII's.")
    ],
    pictures: Annotated[
        Path | None, Option(help="Folder of an annotation file's pictures; default: next to it.")
    ] = None,
    estimator: Annotated[str, Option(help="Estimator or body net to evaluate.")] = "mediapipe-pose",
    whole: Annotated[bool, Option(help="Show whole pictures, not person by person.")] = False,
    flip: Annotated[bool, Option(help="A net also sees each person mirrored.")] = True,
    held_out: Annotated[bool, Option(help="Only what train-net holds out.")] = False,
    decode: Annotated[
        str | None, Option(help="Of a net's peaks: parabola, quarter, dark; else as trained.")
    ] = None,
    detections: Annotated[
        Path | None, Option(help="COCO's AP of a net in these boxes, not the annotated ones.")
    ] = None,
) -> common.Answer:
    """Evaluate an estimator's bodies against annotated people: PCK, and AP for COCO's
    annotations."""
    from core.measuring.body_evaluation import measure_bodies

    if decode is not None:
        common.check_choice(decode, ("parabola", "quarter", "dark"), "--decode")
    with common.progress_bar("measuring") as progress:
        found = measure_bodies(
            Paths.find(),
            estimator,
            data,
            pictures,
            whole=whole,
            flip=flip,
            decoding=decode,  # type: ignore[arg-type]
            held_out=held_out,
            detections=detections,
            progress=progress,
        )
    return found, _format_body_evaluation(found)


def _format_body_evaluation(result: dict[str, Any]) -> str:
    """Format a body evaluation: counts, PCK with intervals, and OKS with COCO's metrics."""
    lines = []
    if "found" in result:
        lines = [
            f"{result['n']} persons, {result['found']} found, {result['measured']} with a torso"
        ]
        for name in ("pck@0.1", "pck@0.2"):
            if (row := result[name]) is not None:
                low, high = (f"{100 * value:.1f}" for value in row["interval"])
                lines.append(f"{name.upper()} {100 * row['share']:.1f} % ({low} to {high})")
        each = [f"{name} {100 * share:.1f}" for name, share in result["keypoints"].items()]
        lines.append(f"PCK@0.2 of each, %: {', '.join(each)}")
        if result["oks"] is not None:
            lines.append(f"mean OKS {result['oks']}")
    if result["coco"] is not None:
        lines.append(", ".join(f"{name} {value:.3f}" for name, value in result["coco"].items()))
    return "\n".join(lines)


@common.command(app, "train-net")
def train_net(
    paths: Paths,
    name: Annotated[str, Argument(help="A net, e.g. cpm.hand_light, pose_resnet18.both.")],
    data: Annotated[
        Path, Option(help="Hands: holds hand_crops/ and hand_images/. Bodies: COCO's or LSPET's.")
    ],
    minutes: Annotated[float, Option(help="Training time, resumed runs included.")] = 100.0,
    steps: Annotated[int, Option(min=0, help="Number of steps, instead of a time.")] = 0,
    resume: Annotated[str | None, Option(help="Name of a run to continue.")] = None,
    out: Annotated[Path | None, Option("-o", "--output", help="Folder for the net.")] = None,
    batch: Annotated[int, Option(min=1, help="Samples per step.")] = 32,
    rate: Annotated[
        float | None, Option(help="Highest learning rate; else 0.0025, 0.001 for bodies and depth.")
    ] = None,
    size: Annotated[str, Option(help="Input size of a body net, HEIGHTxWIDTH.")] = "256x192",
    trunk: Annotated[
        str | None,
        Option(
            help="ImageNet weights for a pose_resnet: torchvision's file, or resnet18.imagenet."
        ),
    ] = None,
    strong: Annotated[bool, Option(help="Also crop, occlude, recolour and blur bodies.")] = False,
    start: Annotated[
        str | None, Option(help="Net to start from; weights that fit are copied.")
    ] = None,
    seed: int = 0,
    threads: Annotated[
        int, Option(min=1, help="Threads of torch on a CPU; on a GPU, of data loading.")
    ] = 2,
) -> common.Answer:
    """Train a pose net: hands on a teacher's keypoints, bodies and depth hands on labels."""
    from core.jobs.net_training import OF_HANDS, WEIGHTS, train_net_here
    from core.lab.net_data import describe_training_data, load_training_data

    paths, input_hw = paths, _parse_size(size)
    begin = None if start is None else paths.net(start) / WEIGHTS
    if begin is not None and not begin.is_file():
        raise typer.BadParameter(f"“{start}” has no {WEIGHTS}", param_hint="--start")
    with common.progress_bar("reading the data") as progress:
        samples = load_training_data(paths, name, data, progress, strong=strong)
    build, about = describe_training_data(samples, input_hw)
    with common.progress_bar("training") as progress:
        trained = train_net_here(
            paths,
            name,
            samples,
            options={
                "minutes": minutes,
                "steps": steps,
                "batch": batch,
                "rate": rate or (1e-3 if about else 2.5e-3),
                "seed": seed,
                "threads": threads,
                "start": begin,
            },
            build=build,
            resume=resume,
            out=out,
            trunk=trunk,
            about=about or OF_HANDS,
            progress=progress,
        )
    if trained is None:  # another process of torchrun than the first
        return None
    run, folder = trained
    evaluations = run.records("look")[-1]
    text = "\n".join(
        f"{held_out}: {_format_stages(stages, about.get('errors_in_mm'))}"
        for held_out, stages in evaluations["held_out"].items()
    )
    return {"run": run.name, "net": str(folder), **evaluations}, f"{text}\nnet: {folder}"


@common.command(app, "distil-bodies")
def distil_bodies(
    data: Annotated[list[Path], Option(help="Annotated persons, as evaluate-bodies reads them.")],
    out: Annotated[Path, Option("-o", "--output", help="Folder for train-net.")],
    pictures: Annotated[
        list[Path] | None, Option(help="Folders of unannotated pictures, one person each.")
    ] = None,
    teacher: Annotated[
        str, Option(help="Estimator that finds the target keypoints.")
    ] = "mediapipe-pose",
) -> common.Answer:
    """Write a training set of annotated people's crops, with a teacher's keypoints where they
    agree with the annotations."""
    from core.lab.body_distilling import distil_bodies as distil_
    from core.reading.keypoint_sources import KeypointSource

    with (
        KeypointSource(teacher).open(Paths.find()) as judge,
        common.progress_bar("looking at persons") as progress,
    ):
        found = distil_(data, out, judge, pictures=pictures or (), progress=progress)
    text = (
        f"{found['train']} persons to learn from, {found['val']} held out; the teacher found "
        f"{found['found']} of the former and agrees with the labels of {found['agreed']}: "
        f"{found['teachers']} of {found['keypoints']} keypoints are its own"
    )
    return found, text


def _format_stages(stages: list[dict[str, Any]], unit_mm: float | None) -> str:
    if unit_mm is not None and (error := stages[-1]["mean_error"]) is not None:
        return f"mean error {unit_mm * error:.2f} mm"
    return f"PCK@0.1 of each stage {', '.join(str(s['pck@0.1']) for s in stages)}"


def _parse_size(text: str) -> tuple[int, int]:
    """Parse “256x192” to (H, W); raise a usage error for sizes not in multiples of 32."""
    sides = [int(side) if side.isdigit() else 0 for side in text.split("x")]
    if len(sides) != 2 or not all(32 <= side <= 1024 and side % 32 == 0 for side in sides):
        raise typer.BadParameter(
            f"“{text}”: write it like 256x192, of multiples of 32 up to 1024", param_hint="--size"
        )
    return sides[0], sides[1]


@common.command(app, "fine-tune-net")
def fine_tune_net(
    paths: Paths,
    name: Annotated[str, Argument(help="Name for the net, e.g. cpm.my_hand.")],
    project: Annotated[str, Option(help="The project to train on.")],
    minutes: Annotated[float, Option(help="Training time.")] = 5.0,
) -> common.Answer:
    """Fine-tune the light hand net on a project's own samples."""
    from core.jobs.net_training import fine_tune_here

    with common.open_store(paths) as store, common.progress_bar("training") as progress:
        run, folder = fine_tune_here(
            store, paths, project, name=name, minutes=minutes, progress=progress
        )
    evaluations = run.records("look")
    text = f"held-out recordings, PCK@0.1 of the last stage: {_format_improvement(evaluations)}"
    return {"run": run.name, "net": str(folder), "looks": evaluations}, f"{text}\nnet: {folder}"


def _format_improvement(evaluations: list[dict[str, Any]]) -> str:
    """Format the held-out PCK@0.1 before and after fine-tuning, or say that it wasn't measured."""
    measured = [
        evaluation["held_out"]["own"][-1]["pck@0.1"]
        for evaluation in evaluations
        if evaluation["held_out"]
    ]
    return f"{measured[0]} before, {measured[-1]} after" if measured else "none was held out"


@common.command(app, "seed-predict")
def seed_predict(
    picture: Annotated[Path, Option("-i", "--input", help="A hand that fills the picture.")],
    mlp: Annotated[Path, Option(help="Hand-Pose-Classification's Kpts_model.h5.")],
    table: Annotated[Path, Option(help="The csv that it was trained on.")],
) -> common.Answer:
    """Predict thumb up or down in a picture by OpenPose's hand net and a published classifier."""
    from core.offline.seed_pipeline import predict_thumb

    found = predict_thumb(Paths.find(), picture, mlp, table)
    return found, f"{found['gesture']} {100 * found['probability']:.0f} %"
