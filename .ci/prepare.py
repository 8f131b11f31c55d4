"""Prepare Mudra to run: look for what is missing, then fill `.venv` and fetch the hand models.

Runs before any dependency exists, so it uses the standard library alone, and in words that an old
Python can read too, so that an old Python can be told that it is one.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST_PYTHON = (3, 11)
TORCH_SERIES = "2.13."
GL_LIBRARIES = {  # what the wheels load -> the Debian and Ubuntu package that brings it
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",
    "libglib-2.0.so.0": "libglib2.0-0",
}


def has_library(name: str) -> bool:
    """Whether the system's loader finds a shared library."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def apt_line(packages: list[str], root: bool | None = None) -> str:
    """The one line that installs Debian packages, with sudo where the user needs it."""
    as_root = os.geteuid() == 0 if root is None else root
    sudo = "" if as_root else "sudo "
    return f"{sudo}apt-get update && {sudo}apt-get install -y {' '.join(packages)}"


def mend_line(packages: list[str], platform: str) -> str:
    """The line that mends missing packages on this machine."""
    if platform == "linux" and shutil.which("apt-get"):
        return apt_line(packages)
    return f"install what Debian calls {' '.join(packages)} with this system's package manager"


def old_python_trouble(version: tuple[int, int], platform: str) -> str | None:
    """What to do about a Python that is too old; None when it is new enough."""
    if version >= OLDEST_PYTHON:
        return None
    mend = mend_line(["python3.11", "python3.11-venv"], platform)
    if platform == "darwin":
        mend = "brew install python@3.12"
    return (
        f"Python {version[0]}.{version[1]} is too old, Mudra wants 3.11 or newer. To mend it:\n"
        f"    {mend}\n"
        "  or name a newer one: make run PYTHON=/path/to/python3"
    )


def missing_packages(platform: str, needs_venv: bool) -> list[str]:
    """Debian names of what the system lacks (on Linux: the venv module and the GL libraries)."""
    if platform != "linux":
        return []
    lacks_venv = needs_venv and not importlib.util.find_spec("ensurepip")
    venv = [f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"] if lacks_venv else []
    return venv + [p for name, p in GL_LIBRARIES.items() if not has_library(name)]


def trouble(platform: str, needs_venv: bool) -> str | None:
    """Everything that stands in the way, with the line that mends it; None when nothing does."""
    old = old_python_trouble(sys.version_info[:2], platform)
    if old:
        return old
    packages = missing_packages(platform, needs_venv)
    if not packages:
        return None
    return (
        f"This system lacks {', '.join(packages)}. To mend it:\n    {mend_line(packages, platform)}"
    )


def requirement_lines(path: Path) -> list[str]:
    """The requirements of a file and of those that it names with -r, without comments."""
    lines: list[str] = []
    for raw in path.read_text(encoding="utf-8").splitlines():
        line = re.sub(r"(^|\s)#.*", "", raw).strip()
        if line.startswith("-r "):
            lines += requirement_lines(path.parent / line[3:].strip())
        elif line:
            lines.append(line)
    return lines


def is_torch(requirement: str) -> bool:
    """Whether a requirement line names torch itself."""
    return re.split(r"[=<>!~\[; ]", requirement)[0].strip().lower() == "torch"


def fingerprint(lines: list[str], version: str) -> str:
    """What a finished environment was made from: it is renewed when this changes."""
    return hashlib.sha256("\n".join([version, *lines]).encode()).hexdigest()


def venv_python(venv: Path) -> Path:
    """The environment's interpreter."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def answer(python: Path, code: str) -> str | None:
    """What a line of Python prints in an environment; None when it fails."""
    try:
        done = subprocess.run([str(python), "-c", code], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def is_usable(venv: Path) -> bool:
    """Whether the environment runs, has pip and a Python that is new enough."""
    check = f"import pip, sys; assert sys.version_info[:2] >= {OLDEST_PYTHON}"
    return answer(venv_python(venv), check) is not None


def torch_version(python: Path) -> str:
    """Version of the torch that an interpreter sees, without importing it; "" when none."""
    return answer(python, "from importlib.metadata import version; print(version('torch'))") or ""


def make_venv(venv: Path) -> None:
    """Make the environment anew; one that sees the system's packages if they hold our torch."""
    import importlib.metadata  # newer than the oldest Python that can read this file

    print(f"Making {venv}", flush=True)
    try:
        system_torch = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        system_torch = ""
    share = ["--system-site-packages"] if system_torch.startswith(TORCH_SERIES) else []
    subprocess.run([sys.executable, "-m", "venv", "--clear", *share, str(venv)], check=True)


def pip_install(python: Path, arguments: list[str]) -> None:
    """Install into the environment, asking nothing."""
    pip = [str(python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    subprocess.run([*pip, *arguments], check=True)


def install(venv: Path, lines: list[str], torch: str) -> None:
    """Fill the environment; an installed torch of our series is kept as it is.

    Args:
        torch: what pip is to be told where there is no such torch, as a shell would split it.
    """
    python = venv_python(venv)
    if not torch_version(python).startswith(TORCH_SERIES):
        pip_install(python, shlex.split(torch))
    kept = f"torch=={torch_version(python)}"  # named, so that no dependency may replace it
    print(f"Installing into {venv}, with {kept}: minutes the first time", flush=True)
    pip_install(python, [kept, *(line for line in lines if not is_torch(line))])


def fill_environment(venv: Path, dev: bool, torch: str) -> None:
    """Make and fill the environment, unless it was already filled from the same requirements."""
    if not is_usable(venv):
        make_venv(venv)
    run_lines = requirement_lines(ROOT / "requirements.txt")
    dev_lines = requirement_lines(ROOT / "requirements-dev.txt")
    version = answer(venv_python(venv), "import sys; print(sys.version)") or ""
    stamps = {venv / ".mudra-run": fingerprint(run_lines, version)}
    if dev:
        stamps[venv / ".mudra-dev"] = fingerprint(dev_lines, version)
    if all(stamp.is_file() and stamp.read_text() == text for stamp, text in stamps.items()):
        return
    install(venv, dev_lines if dev else run_lines, torch)
    for stamp, text in stamps.items():
        stamp.write_text(text)


def prepare_weights(venv: Path) -> None:
    """Fetch and verify the hand models, where they are not there yet."""
    command = [str(venv_python(venv)), "-m", "core", "weights", "prepare"]
    subprocess.run(command, check=True, cwd=ROOT)


def main(arguments: list[str] | None = None) -> int:
    """Check, fill and fetch as the arguments say; 1 with the way out when something is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    parser.add_argument("--dev", action="store_true", help="with the test tools")
    parser.add_argument("--torch", default="torch==2.13.0", help="what pip installs as torch")
    parser.add_argument("--check", action="store_true", help="only look for what is missing")
    options = parser.parse_args(arguments)
    found = trouble(sys.platform, needs_venv=not venv_python(options.venv).exists())
    if found:
        print(found, file=sys.stderr)
        return 1
    if options.check:
        return 0
    try:
        fill_environment(options.venv, options.dev, options.torch)
        prepare_weights(options.venv)
    except subprocess.CalledProcessError as error:
        print(f"This step failed: {shlex.join(map(str, error.cmd))}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
