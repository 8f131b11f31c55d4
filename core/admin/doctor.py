"""Checks of this machine: what keeps Mudra from working, and how to fix it.

Only the standard library is imported at the top: a missing package is a finding, not a crash.
"""

import ctypes
import importlib.metadata
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import MudraError
from core.paths import Paths

OK, WARN, WRONG = "ok", "warn", "wrong"
_ROOT = Path(__file__).resolve().parents[2]
_MIN_PYTHON = (3, 11)
_GL_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",
    "libglib-2.0.so.0": "libglib2.0-0",
}
_MIN_FREE_BYTES = 500 * 2**20
_AMPLE_FREE_BYTES = 2 * 2**30
_SETUP = "type `make setup`"


@dataclass(frozen=True)
class Check:
    """Result of one check: its name, "ok", "warn" (works in part) or "wrong", what was found, and
    what to do, or ""."""

    name: str
    state: str
    found: str
    fix: str = ""


Finding = tuple[str, ...]  # state, what was found, and what to do if anything


def run_checks(paths: Paths, port: int = 8501, root: Path = _ROOT) -> list[Check]:
    """Run all checks and return their results in order; a crash becomes a finding."""
    checks: dict[str, Callable[[], Finding]] = {
        "Python": _check_python,
        "packages": lambda: _check_packages(root / "requirements.txt"),
        "GL libraries": _check_gl_libraries,
        "hand models": lambda: _check_models(paths),
        "starter model": lambda: _check_starter(paths),
        "emoji font": _check_emoji_font,
        "store": lambda: _check_store(paths),
        "disk": lambda: _check_disk(paths.workspace),
        "port": lambda: _check_port(port),
        "camera": lambda: _check_camera(port),
    }
    return [_run_guarded(name, check) for name, check in checks.items()]


def has_no_failure(checks: list[Check]) -> bool:
    """Whether no check is wrong; warnings are allowed."""
    return all(check.state != WRONG for check in checks)


def _run_guarded(name: str, check: Callable[[], Finding]) -> Check:
    """Run a check; return an exception as a finding, so that the other checks still run."""
    try:
        return Check(name, *check())
    except ImportError as error:
        return Check(name, WRONG, f"can't be read: {error}", _SETUP)
    except Exception as error:
        return Check(name, WRONG, f"can't be read: {error!r}", _SETUP)


def _check_python() -> Finding:
    """Check that Python is new enough."""
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info[:2] < _MIN_PYTHON:
        wanted = ".".join(map(str, _MIN_PYTHON))
        return WRONG, found, f"install Python {wanted} or newer, then {_SETUP}"
    return OK, found


def _check_packages(requirements: Path) -> Finding:
    """Check that the packages of requirements.txt are installed; warn if versions differ."""
    missing, other, count = [], [], 0
    for line in requirements.read_text(encoding="utf-8").splitlines():
        name, _, pinned = line.partition("==")
        if not pinned or line.startswith("#"):
            continue
        count += 1
        try:
            version = importlib.metadata.version(name.strip())
        except importlib.metadata.PackageNotFoundError:
            missing.append(name.strip())
            continue
        if version.partition("+")[0] != pinned.strip():
            other.append(f"{name} {version} instead of {pinned.strip()}")
    if missing:
        return WRONG, f"missing: {', '.join(missing)}", _SETUP
    if other:
        return WARN, f"other versions: {', '.join(other)}", _SETUP
    return OK, f"all {count} of requirements.txt"


def _check_gl_libraries() -> Finding:
    """Check that the GL libraries can be loaded, on Linux only."""
    if sys.platform != "linux":
        return OK, f"part of {platform.system()}"
    missing = []
    for library, package in _GL_LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    if missing:
        command = f"sudo apt-get install {' '.join(missing)}"
        return WRONG, f"missing: {', '.join(missing)}", command
    return OK, ", ".join(_GL_LIBRARIES.values())


def _check_models(paths: Paths) -> Finding:
    """Check that MediaPipe's hand models have been prepared and are unaltered."""
    from core.modelfiles.mediapipe_models import find_prepared_model, has_prepared_models

    if not has_prepared_models(paths.weights):
        fix = "type `make setup`, or `python -m core weights prepare`"
        return WRONG, f"not in {paths.weights}", fix
    try:
        find_prepared_model("hand_landmarker_full", paths.weights)
    except MudraError as error:
        return WRONG, str(error), "`python -m core weights prepare`"
    return OK, f"verified, in {paths.weights}"


def _check_starter(paths: Paths) -> Finding:
    """Check that the starter model can be loaded."""
    from core.gestures.modelfile.gesture_model import GestureModel

    try:
        model = GestureModel.load(paths.starter)
    except MudraError as error:
        return WRONG, str(error), "restore data/models from the repository"
    return OK, f"{len(model.gestures)} gestures"


def _check_emoji_font() -> Finding:
    """Check that an emoji font is installed; only warn if not."""
    from core.pose.drawing.poses import emoji_font_path

    path = emoji_font_path()
    if path is None:
        fix = "sudo apt-get install fonts-noto-color-emoji" if sys.platform == "linux" else ""
        return WARN, "none: pictures and videos have no emoji", fix
    return OK, str(path)


def _check_store(paths: Paths) -> Finding:
    """Check that the store can be opened or created and is not damaged."""
    from core.store import Store
    from core.store.database.engine import hide_password

    if paths.database_url is None and not paths.database.exists():
        parent = next(p for p in paths.database.parents if p.exists())
        if not os.access(parent, os.W_OK):
            fix = "choose another folder: set MUDRA_WORKSPACE"
            return WRONG, f"{parent} can't be written", fix
        return OK, f"will be created at {paths.database}"
    where = hide_password(str(paths.store))
    try:
        store = Store(paths.store, owner=paths.owner)
        damage = store.find_damage()
        projects = len(store.projects())
        store.close()
    except MudraError as error:
        fix = f"move {where} away and restore a copy, or start with a new one"
        if paths.database_url is not None:
            fix = f"check that {where} is running and accepts your login, or change MUDRA_DATABASE"
        return WRONG, str(error), fix
    if damage:
        return WRONG, damage, f"restore a copy of {where}"
    return OK, f"{projects} projects, no damage, at {where}"


def _check_disk(folder: Path) -> Finding:
    """Check the free disk space for a folder: an error below 500 MiB, a warning below 2 GiB."""
    place = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 2**30:.1f} GiB free at {place}"
    if free < _MIN_FREE_BYTES:
        return WRONG, found, "free space, or set MUDRA_WORKSPACE to another disk"
    if free < _AMPLE_FREE_BYTES:
        return WARN, found, "recording stops when it is full"
    return OK, found


def _check_port(port: int) -> Finding:
    """Check that the studio's port is free; only warn if it is in use."""
    with socket.socket() as probe:
        probe.settimeout(1)
        taken = probe.connect_ex(("127.0.0.1", port)) == 0
    if taken:
        fix = f"if that is not Mudra: `python -m core studio --port {port + 1}`"
        return WARN, f"{port} is in use, perhaps by Mudra", fix
    return OK, f"{port} is free"


def _check_camera(port: int) -> Finding:
    """Check that a camera is connected and can be opened, on Linux only; only warn if not."""
    context = (
        f"browsers give a camera only to https:// and http://localhost:{port}, not to "
        "http://ADDRESS from another machine"
    )
    if sys.platform != "linux":
        return OK, f"asked for by the browser; {context}"
    cameras = sorted(Path("/dev").glob("video*"))
    if not cameras:
        fix = "plug one in, or use files, snapshots from a phone's browser, or the Demo page"
        return WARN, f"none at this machine; {context}", fix
    closed = [str(path) for path in cameras if not os.access(path, os.R_OK | os.W_OK)]
    if closed:
        fix = "sudo usermod -aG video $USER, then log in again; browsers may have access already"
        return WARN, f"{', '.join(closed)} can't be opened by you", fix
    return OK, f"{', '.join(map(str, cameras))}; {context}"
