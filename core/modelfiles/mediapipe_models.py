"""MediaPipe's models: extracted from a published wheel, verified, packed for the Tasks API.

Newer wheels contain no models, so they come from the last one that does. A `.task` bundle is a zip
of stored members, each aligned to 64 bytes so that it can be mapped into memory.
"""

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from core.errors import WeightsError
from core.files import sha256_of, write_whole
from core.modelfiles.formats.tflite_metadata import add_input_normalization
from core.progress import Progress, ignore_progress
from core.words import words

WHEEL = "mediapipe==0.10.21"

_ALIGNMENT_BYTES = 64
_REMEDY = words("run `make setup` (or `python -m core weights prepare`), online")


@dataclass(frozen=True)
class _WheelFile:
    """A file in the wheel, and the mean and std that its metadata lack."""

    path: str
    sha256: str
    normalization: tuple[float, float] | None = None


@dataclass(frozen=True)
class TaskBundle:
    """A `.task` bundle: its members by name, and the sha256 of the finished file."""

    members: dict[str, _WheelFile]
    sha256: str


_PALM_FULL = _WheelFile(
    "palm_detection/palm_detection_full.tflite",
    "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
)
_HAND_FULL = _WheelFile(
    "hand_landmark/hand_landmark_full.tflite",
    "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
)
_POSE_DETECTION = _WheelFile(
    "pose_detection/pose_detection.tflite",
    "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
)
_POSE_FULL = _WheelFile(
    "pose_landmark/pose_landmark_full.tflite",
    "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    (0.0, 255.0),
)

MODELS = {
    "hand_landmarker_full": TaskBundle(
        {"hand_detector.tflite": _PALM_FULL, "hand_landmarks_detector.tflite": _HAND_FULL},
        "0c43f46aa870770ab7c12cb6696903b0ab270f00a556e4e4e1e4e00e3e7bdfc0",
    ),
    "pose_landmarker_full": TaskBundle(
        {"pose_detector.tflite": _POSE_DETECTION, "pose_landmarks_detector.tflite": _POSE_FULL},
        "ca5efda3173575dbfd50685cadeb8652b1d564d09f55a081d9648e98670f5397",
    ),
}


def find_prepared_model(name: str, folder: Path) -> Path:
    """Return the path of a prepared model NAME.task; raise WeightsError if it is unknown, missing
    or altered."""
    if name not in MODELS:
        raise WeightsError(f"no model “{name}”, there are {', '.join(MODELS)}")
    path = folder / f"{name}.task"
    if not path.is_file():
        raise WeightsError(words("{path} is missing: {remedy}", path=path, remedy=_REMEDY))
    if sha256_of(path) != MODELS[name].sha256:
        raise WeightsError(
            words(
                "{path} is not the file that was prepared: delete it, then {remedy}",
                path=path,
                remedy=_REMEDY,
            )
        )
    return path


def has_prepared_models(folder: Path) -> bool:
    """Return whether every MediaPipe model is in the folder with the right sha256."""
    try:
        return all(find_prepared_model(name, folder) for name in MODELS)
    except WeightsError:
        return False


def prepare_models(
    folder: Path, *, progress: Progress = ignore_progress, wheel: Path | None = None
) -> None:
    """Build every MediaPipe model from a downloaded wheel; do nothing if all are prepared. Raises
    WeightsError: download failed, or a file isn't the published one."""
    if has_prepared_models(folder):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        progress(0, len(MODELS), f"downloading {WHEEL}, 36 MB")
        wheel = wheel or _download_wheel(Path(scratch))
        for done, (name, bundle) in enumerate(MODELS.items(), 1):
            content = _build_bundle(bundle, wheel)
            _check_sha256(content, bundle.sha256, f"{name}.task")
            write_whole(folder / f"{name}.task", content)
            progress(done, len(MODELS), f"built {name}.task")


def _download_wheel(scratch: Path) -> Path:
    """Download MediaPipe's wheel with pip into a folder; raise WeightsError if that fails."""
    # any platform's wheel will do: only its data files are read, nothing is installed
    platform = "--only-binary=:all: --python-version 3.12 --platform manylinux_2_28_x86_64"
    command = [sys.executable, "-m", "pip", "download", WHEEL, "--no-deps", "--dest", str(scratch)]
    command += [*platform.split(), "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        detail = (done.stderr.strip() or "pip saved no wheel").splitlines()[-1]
        raise WeightsError(f"{WHEEL} could not be downloaded ({detail}): go online, then {_REMEDY}")
    return wheels[0]


def _build_bundle(bundle: TaskBundle, wheel: Path) -> bytes:
    """Build a .task bundle from the wheel's models after verifying each model's sha256."""
    members = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name, part in bundle.members.items():
                content = archive.read(f"mediapipe/modules/{part.path}")
                _check_sha256(content, part.sha256, part.path)
                if part.normalization:
                    content = add_input_normalization(content, *part.normalization)
                members[name] = content
    except (KeyError, OSError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{wheel.name} is not {WHEEL}: {error}") from error
    return _pack_members(members)


def _check_sha256(content: bytes, expected: str, name: str) -> None:
    if (found := hashlib.sha256(content).hexdigest()) != expected:
        raise WeightsError(f"{name} has sha256 {found}, expected {expected}: try again")


def _pack_members(members: dict[str, bytes]) -> bytes:
    """Pack files uncompressed and aligned; the result is deterministic."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3  # else it depends on the platform
            start = out.tell() + 30 + len(name) + 4  # local header, name, extra field's header
            padding = -start % _ALIGNMENT_BYTES
            info.extra = b"\xff\xff" + padding.to_bytes(2, "little") + bytes(padding)
            archive.writestr(info, content)
    return out.getvalue()
