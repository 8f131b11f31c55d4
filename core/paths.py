"""Choose the folders of an installation, for both the app and the command line."""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import StoreError

_DATA = Path(__file__).resolve().parents[1] / "data"


@dataclass(frozen=True)
class Paths:
    """The folders of one installation."""

    workspace: Path  # of the user: database, runs, models
    weights: Path  # prepared third-party models
    starter: Path = _DATA / "models" / "starter"  # shipped gesture model of hands
    arms: Path = _DATA / "models" / "arms"  # shipped gesture model of bodies: arm poses
    demo: Path = _DATA / "starter" / "landmarks.csv"  # shipped table of hands, to try and train
    shipped_models: Path = _DATA / "models"
    receiver: Path = _DATA / "bundle" / "predict.py"  # of a `.gesture` file of hands, of others:
    motion_receiver: Path = _DATA / "bundle" / "predict_motions.py"
    space_receiver: Path = _DATA / "bundle" / "predict_space.py"
    body_receiver: Path = _DATA / "bundle" / "predict_body.py"
    pair_receiver: Path = _DATA / "bundle" / "predict_both_hands.py"
    # of the store's PostgreSQL; None: a file in the workspace. It may hold a password
    database_url: str | None = field(default=None, repr=False)
    owner: str = ""  # the logged-in user; "" without a login
    shared: Path | None = None  # workspace that contains the owner's, with the database of all

    @classmethod
    def find(
        cls, workspace: Path | None = None, environ: Mapping[str, str] = os.environ
    ) -> "Paths":
        """Return the installation's paths: the given workspace, MUDRA_WORKSPACE or
        `data/workspace`; others from MUDRA_WEIGHTS, MUDRA_DATABASE and MUDRA_OWNER.

        Raises:
            StoreError: the workspace is a URL, or the database isn't; it is not quoted, since it
                may contain a password.
        """
        chosen = workspace or Path(environ.get("MUDRA_WORKSPACE") or _DATA / "workspace")
        if re.match(r"[A-Za-z][\w+.-]+:/", str(chosen)):
            raise StoreError(
                "an address of a database or website was given as workspace: that is "
                "a folder, like /home/me/mudra"
            )
        database_url = None if workspace else environ.get("MUDRA_DATABASE") or None
        if database_url and "://" not in database_url:
            raise StoreError(
                "MUDRA_DATABASE is not a database URL: write postgresql://name:password@host/database"
            )
        weights = Path(environ.get("MUDRA_WEIGHTS") or _DATA / "weights")
        paths = cls(
            chosen.expanduser().resolve(), weights.expanduser().resolve(), database_url=database_url
        )
        return paths.of(environ.get("MUDRA_OWNER", ""))

    def of(self, owner: str) -> "Paths":
        """Return a logged-in user's paths in the shared workspace, or these paths for ""."""
        if not owner:
            return self
        shared = self.shared or self.workspace
        digest = hashlib.sha256(owner.encode()).hexdigest()[:16]
        folder = re.sub(r"[^a-z0-9]+", "-", owner.casefold())[:40].strip("-")
        own = shared / "owners" / f"{folder}-{digest}"
        return replace(self, workspace=own, owner=owner, shared=shared)

    @property
    def database(self) -> Path:
        """The store's SQLite file, used without a database URL."""
        return (self.shared or self.workspace) / "mudra.db"

    @property
    def store(self) -> Path | str:
        """The database URL or SQLite file that `Store` opens."""
        return self.database_url or self.database

    def environment(self) -> dict[str, str]:
        """Return environment variables that give another process the same paths."""
        return {
            "MUDRA_WORKSPACE": str(self.shared or self.workspace),
            "MUDRA_WEIGHTS": str(self.weights),
            "MUDRA_DATABASE": self.database_url or "",
            "MUDRA_OWNER": self.owner,
        }

    @property
    def runs(self) -> Path:
        """Folder of the training runs."""
        return self.workspace / "runs"

    def model(self, name: str) -> Path:
        """Return a gesture model's folder by "starter", "arms", a run's name, or else a path."""
        if name in (self.starter.name, self.arms.name):
            return self.starter if name == self.starter.name else self.arms
        run = self.runs / name
        return run if _is_plain_name(name) and run.is_dir() else Path(name)

    @property
    def own_nets(self) -> Path:
        """Folder of the user's nets: fine-tuned, or made from imported weights."""
        return self.workspace / "nets"

    @property
    def net_runs(self) -> Path:
        """Folder of the nets' training runs."""
        return self.workspace / "net-runs"

    def net(self, name: str) -> Path:
        """Return a keypoint net's folder by name, the user's nets first, or else by path."""
        for folder in (self.own_nets / name, self.shipped_models / name):
            if _is_plain_name(name) and folder.is_dir():
                return folder
        return Path(name)


def _is_plain_name(name: str) -> bool:
    return Path(name).name == name and name not in ("", "..")
