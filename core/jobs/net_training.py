"""Train heatmap nets: on a folder of pictures, or a shipped one further on a project's samples."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.datasets.hand_crops import Hand, HandCrops, read_pack, write_pack
from core.datasets.training_data import TrainingData
from core.errors import TrainingError
from core.jobs.owners import belongs_to, project_fields
from core.media.pictures import decode_jpeg
from core.modelfiles.catalogue import UNIT_SCALING, find_weights
from core.paths import Paths
from core.pose.boxes import map_to_square
from core.pose.finders import keypoints_by
from core.pose.skeletons.table import skeleton_named
from core.progress import Progress
from core.store import Project, Store
from core.training.runs import FAILED, RUNNING, STOPPED, Run, describe_error, list_runs
from core.words import words

NET = "net"  # folder of the finished net in a run
PACK = "pack"  # folder of the training crops, while the run is running
LIGHT = "cpm.hand_light"
WEIGHTS, CHECKPOINT = "weights.safetensors", "checkpoint.pt"
TEACHER = "mediapipe-hands"
_FINE_TUNING_RATE = 3e-4
_MIN_SAMPLES = 40
_MAX_SAMPLES = 20_000
OF_HANDS = {"teacher": TEACHER, "estimator": "cpm", "licence": "Apache-2.0"}
_ROOT = Path(__file__).resolve().parents[2]


def train_net_here(
    paths: Paths,
    name: str,
    data: TrainingData,
    *,
    options: dict[str, Any],
    build: dict[str, Any],
    resume: str | None = None,
    out: Path | None = None,
    trunk: str | None = None,
    about: dict[str, Any],
    progress: Progress,
) -> tuple[Run, Path] | None:
    """Train a keypoint net in this process and export it; Ctrl-C stops the training early, and the
    net is still exported.

    Args:
        options: fields of `NetOptions`, with `minutes` and `steps`.
        build: options of the net's class; a resumed run has its own.
        resume: name of a run to continue.
        out: folder for the net; else in the run.
        trunk: initial weights of the backbone, torchvision's file or the name of fetched weights; a
            resumed run has its own.
        about: added to the net's metadata.

    Returns:
        The run, and the folder of the net; None in all but the first process of torchrun.

    Raises:
        MudraError: the training failed.
    """
    # torch takes seconds to load and is needed by nothing before this
    from core.training.loop import NetOptions, train_net
    from core.training.net_export import save_trained_net
    from core.training.published_nets import read_backbone

    backbone, backbone_fields = None, {}
    if trunk and resume is None:
        backbone_fields["trunk"], backbone = read_backbone(name, trunk, paths.weights)
    length = {"minutes": options["minutes"], "steps": options["steps"]}
    run = _create_or_resume_run(paths, name, resume, **length, build=build, **backbone_fields)
    if resume is not None:
        build = dict(run.about().get("build", {}))
        build |= {"input_hw": tuple(build["input_hw"])} if "input_hw" in build else {}
        backbone_fields = {"trunk": run.about()["trunk"]} if "trunk" in run.about() else {}
    scaling = UNIT_SCALING
    if backbone_fields:  # as the backbone was trained
        scaling = find_weights(backbone_fields["trunk"]["name"]).scalings[0]
    given = NetOptions(net=build, backbone=backbone, scaling=scaling, **options)
    with _log_failure(run):
        weights = train_net(name, data, run, given, progress)
        if _read_rank() > 0:
            return None
        folder = out or run.path / NET
        fields = _build_metadata(run, len(data.rows(""))) | backbone_fields | about
        save_trained_net(weights, folder, name, fields, build, scaling)
        shutil.copyfile(weights, folder / WEIGHTS)
    return run, folder


def fine_tune_here(
    store: Store, paths: Paths, project: str, *, name: str, minutes: float, progress: Progress
) -> tuple[Run, Path]:
    """Fine-tune the light CPM in this process on a project's samples with MediaPipe's keypoints,
    hold out every fifth recording, and save the net by its name, which starts with "cpm.". Raise
    TrainingError for too few samples with pictures, other skeletons or an invalid name."""
    _check_net_name(name)
    subject = store.project(project)
    skeleton = skeleton_named(subject.skeleton)
    if not skeleton.is_hand:
        raise TrainingError(
            f"“{project}” is about {skeleton.titles}, the light CPM finds the keypoints of single "
            "hands: choose a project about hands"
        )
    run = Run.create(paths.net_runs, net=name, minutes=minutes, **project_fields(subject))
    with _log_failure(run), _pack_hands(run, read_project_hands(store, subject.id)) as hands:
        # torch takes seconds to load; the run can be seen before
        from core.training.loop import NetOptions, train_net

        options = NetOptions(
            minutes=minutes,
            rate=_FINE_TUNING_RATE,
            batch=16,
            evaluate_every_s=15,
            start=paths.shipped_models / LIGHT / WEIGHTS,
        )
        try:
            train_net(LIGHT, hands, run, options, progress)
        except TrainingError:
            if (run.path / WEIGHTS).is_file():
                _export_fine_tuned(paths, run)
            raise
        _export_fine_tuned(paths, run)
    return run, paths.own_nets / name


def has_fine_tuning_checkpoint(run: Run) -> bool:
    """Return whether the run is a fine-tuning with a checkpoint that can be saved as a net."""
    return "project" in run.about() and (run.path / CHECKPOINT).is_file()


def save_last_checkpoint(paths: Paths, run: Run) -> None:
    """Save a killed fine-tuning run's last checkpoint as a net, and log the run as stopped; raise
    TrainingError if there is no checkpoint or the run is still running."""
    from core.training.checkpoint import export_checkpoint_weights

    if (
        run.status() == RUNNING
        or not has_fine_tuning_checkpoint(run)
        or not export_checkpoint_weights(run)
    ):
        raise TrainingError(
            words("{run} has no weights to keep, or is still running", run=run.name)
        )
    _export_fine_tuned(paths, run)
    run.log(event="end", status=STOPPED)


def _export_fine_tuned(paths: Paths, run: Run) -> None:
    """Export the run's weights and metadata as a net of the user."""
    from core.training.net_export import save_trained_net

    about, packed = run.about(), run.records("packed")
    # old runs did not log it
    learnt_from = packed[-1]["learnt_from"] if packed else len(read_pack(run.path / PACK).rows(""))
    fields = _build_metadata(run, learnt_from) | OF_HANDS | {"project": about["project"]}
    save_trained_net(run.path / WEIGHTS, paths.own_nets / about["net"], LIGHT, fields)


@contextmanager
def _pack_hands(run: Run, hands: Iterator[Hand]) -> Iterator[HandCrops]:
    """Write the hands' crops to a pack in the run's folder and yield it; finally delete it."""
    pack = run.path / PACK
    try:
        write_pack(pack, hands)
        crops = read_pack(pack)
        run.log(event="packed", learnt_from=len(crops.rows("")))
        yield crops
    finally:
        shutil.rmtree(pack, ignore_errors=True)


def delete_packs(paths: Paths, project: Project | None = None) -> None:
    """Delete the training crops of runs that have ended or were killed. If `project` is given, also
    stop its running fine-tuning runs and delete their crops."""
    for run in list_runs(paths.net_runs):
        with suppress(FileNotFoundError):  # deleted meanwhile
            if run.status() == RUNNING:
                if project is None or not belongs_to(run, project):
                    continue
                stop_net_training(run)
            shutil.rmtree(run.path / PACK, ignore_errors=True)


class FineTuningProcess:
    """A fine-tuning's process, which creates its run a moment after its start."""

    def __init__(self, process: "subprocess.Popen[bytes]", stderr: Path, paths: Paths) -> None:
        self._process, self._stderr, self._paths = process, stderr, paths

    @property
    def run(self) -> Run | None:
        """Its run; None until it is created."""
        runs = list_runs(self._paths.net_runs)
        return next((run for run in runs if run.about()["pid"] == self._process.pid), None)

    @property
    def is_starting(self) -> bool:
        """Whether it is alive and has no run yet."""
        return self._process.poll() is None and self.run is None

    @property
    def failure(self) -> str:
        """The last line of the process's error output if it failed before creating a run; or ""."""
        if self._process.poll() in (None, 0) or self.run is not None:
            return ""
        lines = self._stderr.read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "")
        return last.strip() or words("its process ended with {code}", code=self._process.returncode)


_processes: dict[Path, FineTuningProcess] = {}  # the latest of each workspace


def find_latest_fine_tuning(paths: Paths) -> FineTuningProcess | None:
    """Return the latest fine-tuning that this server started."""
    return _processes.get(paths.net_runs)


def start_fine_tuning(paths: Paths, project: str, name: str, minutes: float) -> FineTuningProcess:
    """Start `fine_tune_here` in a separate process that survives the page and the server; raise
    TrainingError if the name is invalid or the folder can't be written."""
    _check_net_name(name)
    command = [sys.executable, "-m", "core", "fine-tune-net", name]
    command += ["--project", project, "--minutes", str(minutes)]
    stderr = paths.net_runs / "last_start.txt"
    try:
        paths.net_runs.mkdir(parents=True, exist_ok=True)
        with stderr.open("wb") as out:
            process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env=os.environ | paths.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=out,
                start_new_session=True,
            )
    except OSError as error:
        raise TrainingError(describe_error(error)) from error
    _processes[paths.net_runs] = FineTuningProcess(process, stderr, paths)
    return _processes[paths.net_runs]


def delete_net_run(run: Run) -> None:
    """Delete an ended run with its log and weights, but not the net saved from it. Raise
    TrainingError if the run is running."""
    if run.status() == RUNNING:
        raise TrainingError(words("{run} is running: stop it first", run=run.name))
    shutil.rmtree(run.path, ignore_errors=True)


def stop_net_training(run: Run) -> None:
    """Stop a run of any process after the current step; its net is saved."""
    with suppress(ProcessLookupError):
        os.kill(int(run.records("start")[-1]["pid"]), signal.SIGINT)


@contextmanager
def _log_failure(run: Run) -> Iterator[None]:
    """If the block fails, log the error as the run's end, for the pages to show; re-raise it."""
    try:
        yield
    except Exception as error:
        if _read_rank() == 0:
            run.log(event="end", status=FAILED, message=describe_error(error))
        raise


def read_project_hands(store: Store, project_id: int) -> Iterator[Hand]:
    """Yield the crop and keypoints of samples with a picture and MediaPipe's keypoints; every fifth
    recording is held out. Raise TrainingError if there are too few samples."""
    recordings: dict[int, int] = {}
    found = 0
    for sample in store.samples(project_id, limit=_MAX_SAMPLES, newest_first=False):
        from_teacher = keypoints_by(sample.estimator) == TEACHER
        if sample.crop_jpeg is None or sample.region is None or not from_teacher:
            continue
        crop = decode_jpeg(sample.crop_jpeg)
        keypoints = map_to_square(sample.pose, sample.region, crop.shape[0])
        number = recordings.setdefault(sample.burst_id, len(recordings))
        held_out = "own" if number % 5 == 4 else ""
        found += 1
        yield Hand(crop, keypoints, f"recording {sample.burst_id}", held_out)
    if found < _MIN_SAMPLES:
        raise TrainingError(
            words(
                "{found} samples with a picture and MediaPipe's keypoints: at least {least} are "
                "needed; record more",
                found=found,
                least=_MIN_SAMPLES,
            )
        )


def _check_net_name(name: str) -> None:
    """Raise TrainingError unless the name is "cpm." and 1 to 40 characters of a-z, 0-9 and _."""
    if not re.fullmatch(r"cpm\.[a-z0-9_]{1,40}", name) or name == LIGHT:
        raise TrainingError(
            words(
                "“{name}” is no name for a net: write cpm. and small letters, digits or _, like "
                "cpm.my_hand",
                name=name,
            )
        )


def _create_or_resume_run(paths: Paths, name: str, resume: str | None, **about: Any) -> Run:
    """Create or resume a net's run; in torchrun, only the first process creates its folder."""
    if _read_rank() > 0:
        return Run(paths.net_runs / (resume or "of-the-first-process"))
    if resume is None:
        return Run.create(paths.net_runs, net=name, **about)
    run = Run.open(paths.net_runs / resume)
    run.resume()
    return run


def _read_rank() -> int:
    """Return the number of this process in torchrun; 0 without it."""
    return int(os.environ.get("RANK", "0"))


def _build_metadata(run: Run, samples: int) -> dict[str, Any]:
    """Return a trained net's metadata: number of samples, steps, last held-out figures and date."""
    evaluations = run.records("look")
    return {
        "learnt_from": samples,
        "steps": evaluations[-1]["step"],
        "held_out": evaluations[-1]["held_out"],
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
