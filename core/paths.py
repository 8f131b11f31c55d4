"""Where things lie: the one rule that app and command line share for choosing paths."""

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
    """The folders of one installation.

    Attributes:
        workspace: the user's own: database, runs, models.
        weights: prepared third-party models.
        database_url: the store's PostgreSQL; None: a file in the workspace.
        owner: whose projects these are, where people log in; "" otherwise.
        shared: the workspace that the owner's lies in, with the database of all.
        starter: the starter gesture model that is shipped.
        arms: the same for bodies: arm poses.
        demo: the table of hands that is shipped, to see and to train without a camera.
        shipped_models: everything that was trained here and is shipped.
        receiver: the predict.py that goes into a `.gesture` file of hands.
        motion_receiver: the one that goes into a file of gestures that move.
        space_receiver: the one that goes into a file of hands in space.
        body_receiver: the one that goes into a file of bodies.
        pair_receiver: the one that goes into a file of both hands.
    """

    workspace: Path
    weights: Path
    starter: Path = _DATA / "models" / "starter"
    arms: Path = _DATA / "models" / "arms"
    demo: Path = _DATA / "starter" / "landmarks.csv"
    shipped_models: Path = _DATA / "models"
    receiver: Path = _DATA / "bundle" / "predict.py"
    motion_receiver: Path = _DATA / "bundle" / "predict_motions.py"
    space_receiver: Path = _DATA / "bundle" / "predict_space.py"
    body_receiver: Path = _DATA / "bundle" / "predict_body.py"
    pair_receiver: Path = _DATA / "bundle" / "predict_both_hands.py"
    database_url: str | None = field(default=None, repr=False)  # it may hold a password
    owner: str = ""
    shared: Path | None = None

    @classmethod
    def find(
        cls, workspace: Path | None = None, environ: Mapping[str, str] = os.environ
    ) -> "Paths":
        """What was asked for, else MUDRA_WORKSPACE and MUDRA_WEIGHTS, else `data/`; the database
        of MUDRA_DATABASE, unless a workspace was asked for: that has its own. All of it
        MUDRA_OWNER's, where one is named.

        Raises:
            StoreError: the workspace is an address; it is not repeated, it may hold a password.
        """
        chosen = workspace or Path(environ.get("MUDRA_WORKSPACE") or _DATA / "workspace")
        if re.match(r"[A-Za-z][\w+.-]+:/", str(chosen)):
            raise StoreError(
                "an address of a database or website was given as workspace: that is "
                "a folder, like /home/me/mudra"
            )
        weights = Path(environ.get("MUDRA_WEIGHTS") or _DATA / "weights")
        paths = cls(
            chosen.expanduser().resolve(),
            weights.expanduser().resolve(),
            database_url=None if workspace else environ.get("MUDRA_DATABASE") or None,
        )
        return paths.of(environ.get("MUDRA_OWNER", ""))

    def of(self, owner: str) -> "Paths":
        """The same installation, as one who logged in finds it: with a workspace of their own."""
        if not owner:
            return self
        shared = self.shared or self.workspace
        digest = hashlib.sha256(owner.encode()).hexdigest()[:16]
        folder = re.sub(r"[^a-z0-9]+", "-", owner.casefold())[:40].strip("-")
        own = shared / "owners" / f"{folder}-{digest}"
        return replace(self, workspace=own, owner=owner, shared=shared)

    @property
    def database(self) -> Path:
        """The store's SQLite file, where no other database is named."""
        return (self.shared or self.workspace) / "mudra.db"

    @property
    def store(self) -> Path | str:
        """What `Store` opens: the URL of a database, or that file."""
        return self.database_url or self.database

    def environment(self) -> dict[str, str]:
        """The variables by which another process finds the same places."""
        return {
            "MUDRA_WORKSPACE": str(self.shared or self.workspace),
            "MUDRA_WEIGHTS": str(self.weights),
            "MUDRA_DATABASE": self.database_url or "",
            "MUDRA_OWNER": self.owner,
        }

    @property
    def runs(self) -> Path:
        """The folder of training runs."""
        return self.workspace / "runs"

    def model(self, name: str) -> Path:
        """A model by name: "starter" (hands), "arms" (bodies), a run's name, or a path."""
        if name in (self.starter.name, self.arms.name):
            return self.starter if name == self.starter.name else self.arms
        run = self.runs / name
        is_plain = Path(name).name == name and name not in ("", "..")
        return run if is_plain and run.is_dir() else Path(name)

    @property
    def own_nets(self) -> Path:
        """The user's own nets: fine-tuned, or made from imported weights."""
        return self.workspace / "nets"

    @property
    def net_runs(self) -> Path:
        """The folder of the nets' training runs."""
        return self.workspace / "net-runs"

    def net(self, name: str) -> Path:
        """A heatmap net by name: one's own before a shipped one, else a path."""
        is_plain = Path(name).name == name and name not in ("", "..")
        for folder in (self.own_nets / name, self.shipped_models / name):
            if is_plain and folder.is_dir():
                return folder
        return Path(name)
