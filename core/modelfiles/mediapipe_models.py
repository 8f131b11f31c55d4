"""MediaPipe's landmark models: taken out of a published wheel, verified, packed for the Tasks API.

Newer wheels carry no models, so they come from the last one that does. A `.task` bundle is a zip
of stored entries, each aligned to 64 bytes so that it can be mapped into memory as it is.
"""

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import WeightsError
from core.files import sha256_of, write_whole
from core.modelfiles.formats.tflite_metadata import with_normalization

WHEEL = "mediapipe==0.10.21"
Progress = Callable[[str, float], None]

_ALIGNMENT = 64
_FIX = "run `make setup` (or `python -m core weights prepare`), online"


@dataclass(frozen=True)
class _Part:
    """A file in the wheel, its sha256, and the normalisation its metadata lacks."""

    path: str
    sha256: str
    normalization: tuple[float, float] | None = None


@dataclass(frozen=True)
class TaskFile:
    """A `.task` file: entry name → part, and the sha256 of the finished file."""

    parts: dict[str, _Part]
    sha256: str


_PALM_FULL = _Part(
    "palm_detection/palm_detection_full.tflite",
    "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
)
_PALM_LITE = _Part(
    "palm_detection/palm_detection_lite.tflite",
    "e9a4aaddf90dda56a87235303cf00e4c2d3fb28725f68fd88772997dac905c18",
    (0.0, 255.0),
)
_HAND_FULL = _Part(
    "hand_landmark/hand_landmark_full.tflite",
    "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
)
_HAND_LITE = _Part(
    "hand_landmark/hand_landmark_lite.tflite",
    "048edd3645c9bf7397d19a9f6e3a42957d6e414c9bea6598030a2e9b624156e6",
)
_POSE_DETECTION = _Part(
    "pose_detection/pose_detection.tflite",
    "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
)
_POSE_FULL = _Part(
    "pose_landmark/pose_landmark_full.tflite",
    "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    (0.0, 255.0),
)

MODELS = {
    "hand_landmarker_full": TaskFile(
        {"hand_detector.tflite": _PALM_FULL, "hand_landmarks_detector.tflite": _HAND_FULL},
        "0c43f46aa870770ab7c12cb6696903b0ab270f00a556e4e4e1e4e00e3e7bdfc0",
    ),
    "hand_landmarker_lite": TaskFile(
        {"hand_detector.tflite": _PALM_LITE, "hand_landmarks_detector.tflite": _HAND_LITE},
        "2db60bb3f23a4fae834e5dfa2f977bbd498d5ca142cc70d5a9d9ba66c9b76766",
    ),
    "pose_landmarker_full": TaskFile(
        {"pose_detector.tflite": _POSE_DETECTION, "pose_landmarks_detector.tflite": _POSE_FULL},
        "ca5efda3173575dbfd50685cadeb8652b1d564d09f55a081d9648e98670f5397",
    ),
}


def path_of(name: str, folder: Path) -> Path:
    """Where a prepared model lies, its sha256 checked.

    Raises:
        WeightsError: unknown, not prepared, or altered.
    """
    if name not in MODELS:
        raise WeightsError(f"no model “{name}”, there are {', '.join(MODELS)}")
    path = folder / f"{name}.task"
    if not path.is_file():
        raise WeightsError(f"{path} is missing: {_FIX}")
    if sha256_of(path) != MODELS[name].sha256:
        raise WeightsError(f"{path} is not the file that was prepared: delete it, then {_FIX}")
    return path


def is_prepared(folder: Path) -> bool:
    """True when every model is there and whole."""
    try:
        return all(path_of(name, folder) for name in MODELS)
    except WeightsError:
        return False


def prepare(folder: Path, *, progress: Progress | None = None, wheel: Path | None = None) -> None:
    """Build every missing model; does nothing, and needs no network, when all are there.

    Args:
        folder: where the models go.
        progress: told what is going on and the share done, 0..1.
        wheel: the wheel where it is at hand already.

    Raises:
        WeightsError: no download, or a file that is not the published one.
    """
    progress = progress or (lambda text, share: None)
    if is_prepared(folder):
        return progress("all models are there", 1.0)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        progress(f"fetching {WHEEL}, 36 MB", 0.0)
        wheel = wheel or _fetch(Path(scratch))
        for i, (name, bundle) in enumerate(MODELS.items()):
            progress(f"building {name}.task", 0.6 + 0.4 * i / len(MODELS))
            _write(folder / f"{name}.task", _build(bundle, wheel), bundle.sha256)
    progress("models ready", 1.0)


def _fetch(scratch: Path) -> Path:
    # The wheel of any platform will do: only its data files are read, nothing of it is installed.
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        WHEEL,
        "--no-deps",
        "--dest",
        str(scratch),
        "--only-binary=:all:",
        "--python-version",
        "3.12",
        "--platform",
        "manylinux_2_28_x86_64",
        "--disable-pip-version-check",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = list(scratch.glob("*.whl"))
    if done.returncode or not found:
        detail = (done.stderr.strip() or "no wheel came").splitlines()[-1]
        raise WeightsError(f"{WHEEL} could not be downloaded ({detail}): go online, then {_FIX}")
    return found[0]


def _build(bundle: TaskFile, wheel: Path) -> bytes:
    entries = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name, part in bundle.parts.items():
                entries[name] = _verified(archive.read(f"mediapipe/modules/{part.path}"), part)
    except (KeyError, OSError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{wheel.name} is not {WHEEL}: {error}") from error
    return _task(entries)


def _verified(content: bytes, part: _Part) -> bytes:
    came = hashlib.sha256(content).hexdigest()
    if came != part.sha256:
        raise WeightsError(f"{part.path} has sha256 {came}, expected {part.sha256}: try again")
    return with_normalization(content, *part.normalization) if part.normalization else content


def _task(entries: dict[str, bytes]) -> bytes:
    """A zip of stored entries, payloads at multiples of 64 bytes, the same bytes every time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3  # else it depends on the machine
            begin = out.tell() + 30 + len(name) + 4  # local header, name, extra field's header
            padding = -begin % _ALIGNMENT
            info.extra = b"\xff\xff" + padding.to_bytes(2, "little") + bytes(padding)
            archive.writestr(info, content)
    return out.getvalue()


def _write(path: Path, content: bytes, sha256: str) -> None:
    if (came := hashlib.sha256(content).hexdigest()) != sha256:
        raise WeightsError(f"{path.name} came out as sha256 {came}, not {sha256}")
    write_whole(path, content)
