"""Run the predict.py of an exported model, as somebody without Mudra does."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path


def unpack(file: Path, folder: Path) -> Path:
    """Unpack a `.gesture` file and return its folder."""
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    return folder


def predict(
    folder: Path, *arguments: object, python: Path | str = sys.executable
) -> subprocess.CompletedProcess:
    """Run the folder's predict.py and wait for its end."""
    command = [str(python), "predict.py", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def answers(folder: Path, *arguments: object, python: Path | str = sys.executable) -> list[dict]:
    """Read the answers that the folder's predict.py prints, one per sample."""
    done = predict(folder, *arguments, python=python)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
