"""Where things lie: the one rule that app and command line share for choosing paths."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_DATA = Path(__file__).resolve().parents[2] / "data"


@dataclass(frozen=True)
class Places:
    """The folders of one installation.

    Attributes:
        workspace: the user's own: database, runs, models.
        weights: prepared third-party models.
        starter: the starter gesture model that is shipped.
        demo: the table of hands that is shipped, to see and to train without a camera.
    """

    workspace: Path
    weights: Path
    starter: Path = _DATA / "models" / "starter"
    demo: Path = _DATA / "starter" / "landmarks.csv"

    @classmethod
    def find(
        cls, workspace: Path | None = None, environ: Mapping[str, str] = os.environ
    ) -> "Places":
        """What was asked for, else MUDRA_WORKSPACE and MUDRA_WEIGHTS, else `data/`."""
        chosen = workspace or Path(environ.get("MUDRA_WORKSPACE") or _DATA / "workspace")
        weights = Path(environ.get("MUDRA_WEIGHTS") or _DATA / "weights")
        return cls(chosen.expanduser().resolve(), weights.expanduser().resolve())

    @property
    def database(self) -> Path:
        """The store's SQLite file."""
        return self.workspace / "mudra.db"

    @property
    def runs(self) -> Path:
        """The folder of training runs."""
        return self.workspace / "runs"

    def model(self, name: str) -> Path:
        """A model by name: "starter", a run's name, or a path."""
        if name == "starter":
            return self.starter
        run = self.runs / name
        is_plain = Path(name).name == name and name not in ("", "..")
        return run if is_plain and run.is_dir() else Path(name)
