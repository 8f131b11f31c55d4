"""A training run is a folder: `log.jsonl`, and whatever the training saves beside it.

Convention: one JSON object a line, `event` says what it is: "start", "epoch", "result", "end".
Pages, command line and other processes read the same lines; nothing else carries a run's state.
"""

import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import TrainingError

LOG = "log.jsonl"
RUNNING, DONE, STOPPED, FAILED, DEAD = "running", "done", "stopped", "failed", "dead"


@dataclass(frozen=True)
class Run:
    """One training's folder."""

    path: Path

    @classmethod
    def create(cls, root: Path, **about: Any) -> "Run":
        """A new folder under `root`, its log begun with what `about` says."""
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        run = cls(root / name)
        run.path.mkdir(parents=True)
        run.log(event="start", pid=os.getpid(), **about)
        return run

    @classmethod
    def open(cls, path: Path) -> "Run":
        """An existing run.

        Raises:
            TrainingError: no run lies there.
        """
        if not (path / LOG).is_file():
            raise TrainingError(f"{path} is no training run: it has no {LOG}")
        return cls(path)

    @property
    def name(self) -> str:
        """The folder's name: when the run began and four random letters."""
        return self.path.name

    def log(self, **values: Any) -> None:
        """Append one line; a reader never sees half of it."""
        line = json.dumps({"time": round(time.time(), 3), **values}, allow_nan=False)
        with (self.path / LOG).open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    def records(self, event: str | None = None) -> list[dict[str, Any]]:
        """The lines so far, oldest first; a last line that is still being written is left out."""
        text = (self.path / LOG).read_text(encoding="utf-8")
        lines = text[: text.rfind("\n") + 1].splitlines()
        records = [json.loads(line) for line in lines]
        return [r for r in records if event in (None, r["event"])]

    def about(self) -> dict[str, Any]:
        """What `create` was told."""
        return self.records("start")[0]

    def status(self) -> str:
        """How it stands. "dead": its process is gone and never said how the training ended."""
        last = [r for r in self.records() if r["event"] in ("start", "end")][-1]
        if last["event"] == "end":
            return str(last["status"])
        return RUNNING if _alive(int(last["pid"])) else DEAD

    def resume(self) -> None:
        """Say that this process goes on with it."""
        self.log(event="start", pid=os.getpid(), resumed=True)


def list_runs(root: Path) -> list[Run]:
    """The runs under `root`, newest first."""
    logs = root.glob(f"*/{LOG}") if root.is_dir() else ()
    return sorted((Run(log.parent) for log in logs), key=lambda run: run.name, reverse=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
