"""Everything recorded, in one database: SQLite in WAL mode by default, another by URL.

Transactions are short and begin as writers where they write, so that several processes take turns
instead of failing. Whatever is deleted goes to the bin (`deleted_at`) and can be restored.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import (
    Connection,
    Table,
    distinct,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DatabaseError, IntegrityError

from core.errors import NotFoundError, StoreError, StoreFullError
from core.gestures.data import GestureData
from core.gestures.labels import DEFAULT_GESTURES, safe_name
from core.studio import schema as t
from core.studio.rows import (
    Gesture,
    GestureOverview,
    NewSample,
    Person,
    Project,
    Sample,
    array,
    now,
    to_row,
    to_sample,
)

__all__ = ["Gesture", "GestureOverview", "NewSample", "Person", "Project", "Sample", "Store"]

_CHUNK = 500  # ids a statement; SQLite bounds the number of its parameters


class Store:
    """The projects and all that belongs to them; safe to use from several threads and processes.

    Args:
        place: a SQLite file (its folder is made), or a database URL.

    Raises:
        StoreError: the place can't be opened, or a newer Mudra wrote it.
    """

    def __init__(self, place: Path | str) -> None:
        self._engine = t.open_engine(place)
        with self._writing() as connection:
            t.bring_up_to_date(connection)

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    # -------------------------------------------------------------------------------- projects

    def create_project(self, name: str, *, keypoints_only: bool = False) -> Project:
        """A new project with the eight gestures and `none`.

        Raises:
            StoreError: the name is taken.
            LabelError: it can't be a name.
        """
        with self._writing() as connection:
            values = _named(name) | {"keypoints_only": keypoints_only, "created_at": now()}
            project_id = _inserted(connection, t.projects, values)
            for position, gesture in enumerate(DEFAULT_GESTURES):
                values = _named(gesture.name) | {"project_id": project_id, "emoji": gesture.emoji}
                _inserted(connection, t.gestures, values | {"position": position, "enabled": True})
        return Project(project_id, safe_name(name), keypoints_only)

    def projects(self) -> list[Project]:
        """All that are not in the bin, by name."""
        found = select(t.projects).where(t.projects.c.deleted_at.is_(None)).order_by("key")
        return [_project(row) for row in self._rows(found)]

    def project(self, name: str) -> Project:
        """The project of that name, ignoring case.

        Raises:
            NotFoundError: there is none.
        """
        for project in self.projects():
            if project.name.casefold() == name.strip().casefold():
                return project
        there = ", ".join(f"“{project.name}”" for project in self.projects()) or "none yet"
        raise NotFoundError(f"no project “{name}”; there are: {there}")

    def rename_project(self, project_id: int, name: str) -> None:
        """Give it another name."""
        self._update(t.projects, [project_id], _named(name))

    def delete_project(self, project_id: int) -> None:
        """Put it into the bin."""
        self._update(t.projects, [project_id], {"deleted_at": now()})

    def restore_project(self, project_id: int) -> None:
        """Take it out of the bin."""
        self._update(t.projects, [project_id], {"deleted_at": None})

    def set_active_model(self, project_id: int, run: str | None) -> None:
        """Use this run's model in the project; None: the starter model."""
        self._update(t.projects, [project_id], {"active_model": run})

    # -------------------------------------------------------------------------------- gestures

    def gestures(self, project_id: int, *, enabled_only: bool = False) -> list[Gesture]:
        """A project's gestures in their order."""
        of = t.gestures.c
        found = select(t.gestures).where(of.project_id == project_id, of.deleted_at.is_(None))
        if enabled_only:
            found = found.where(of.enabled)
        return [_gesture(row) for row in self._rows(found.order_by(of.position, of.id))]

    def add_gesture(self, project_id: int, name: str, emoji: str = "") -> Gesture:
        """A new gesture, last in order.

        Raises:
            StoreError: the name is taken.
        """
        with self._writing() as connection:
            last = select(func.max(t.gestures.c.position)).where(
                t.gestures.c.project_id == project_id
            )
            position = (connection.execute(last).scalar() or 0) + 1
            values = {"project_id": project_id, "emoji": emoji, "position": position}
            values |= _named(name) | {"enabled": True}
            gesture_id = _inserted(connection, t.gestures, values)
        return Gesture(gesture_id, safe_name(name), emoji, position, True)

    def update_gesture(
        self,
        gesture_id: int,
        *,
        name: str | None = None,
        emoji: str | None = None,
        enabled: bool | None = None,
        position: int | None = None,
    ) -> None:
        """Change what is given; samples stay with the gesture."""
        given = {"emoji": emoji, "enabled": enabled, "position": position}
        values = {key: value for key, value in given.items() if value is not None}
        self._update(t.gestures, [gesture_id], values | (_named(name) if name else {}))

    def delete_gesture(self, gesture_id: int) -> None:
        """Put it into the bin; its samples stay, unseen, until it is restored."""
        self._update(t.gestures, [gesture_id], {"deleted_at": now()})

    def restore_gesture(self, gesture_id: int) -> None:
        """Take it out of the bin."""
        self._update(t.gestures, [gesture_id], {"deleted_at": None})

    # ------------------------------------------------------------- persons, sessions and bursts

    def persons(self, project_id: int) -> list[Person]:
        """Who recorded, by name."""
        of = t.persons.c
        found = select(t.persons).where(of.project_id == project_id, of.deleted_at.is_(None))
        return [Person(row.id, row.name) for row in self._rows(found.order_by(of.key))]

    def ensure_person(self, project_id: int, name: str) -> Person:
        """The person of that name, ignoring case; made where missing."""
        values = _named(name) | {"project_id": project_id}
        of = t.persons.c
        with self._writing() as connection:
            found = select(t.persons).where(
                of.project_id == project_id, of.key == values["key"], of.deleted_at.is_(None)
            )
            row = connection.execute(found).first()
            if row is not None:
                return Person(row.id, row.name)
            return Person(_inserted(connection, t.persons, values), str(values["name"]))

    def start_session(self, project_id: int, person_id: int, source: str) -> int:
        """One visit of a person, or one import; its id."""
        values = {"project_id": project_id, "person_id": person_id, "source": source}
        with self._writing() as connection:
            return _inserted(connection, t.sessions, values | {"started_at": now()})

    def start_burst(self, session_id: int, gesture_id: int) -> int:
        """One recording of a gesture in a session; its id."""
        values = {"session_id": session_id, "gesture_id": gesture_id, "started_at": now()}
        with self._writing() as connection:
            return _inserted(connection, t.bursts, values)

    # --------------------------------------------------------------------------------- samples

    def add_samples(self, burst_id: int, new: Sequence[NewSample]) -> list[int]:
        """Store samples of one burst, all or none; their ids.

        Raises:
            StoreFullError: the disk is full; nothing of these was stored.
        """
        of = t.bursts.c
        home = select(t.sessions.c.project_id, of.gesture_id).join_from(
            t.bursts, t.sessions, of.session_id == t.sessions.c.id
        )
        stored = insert(t.samples).returning(t.samples.c.id, sort_by_parameter_order=True)
        with self._writing() as connection:
            row = connection.execute(home.where(of.id == burst_id)).first()
            if row is None:
                raise NotFoundError(f"no recording {burst_id}: start one first")
            if not new:
                return []
            about = {"burst_id": burst_id, **row._mapping}
            rows = [to_row(sample) | about for sample in new]
            ids = list(connection.execute(stored, rows).scalars())
            crops = [
                {"sample_id": sample_id, "jpeg": sample.crop_jpeg}
                for sample_id, sample in zip(ids, new, strict=True)
                if sample.crop_jpeg is not None
            ]
            if crops:
                connection.execute(insert(t.crops), crops)
        return ids

    def samples(
        self,
        project_id: int,
        *,
        gesture_id: int | None = None,
        limit: int = 100,
        offset: int = 0,
        newest_first: bool = True,
        deleted: bool = False,
    ) -> list[Sample]:
        """A page of samples with their crops; `deleted` shows the bin instead."""
        of = t.samples.c
        in_bin = of.deleted_at.is_not(None) if deleted else of.deleted_at.is_(None)
        found = select(t.samples, t.crops.c.jpeg).outerjoin(t.crops)
        found = found.where(of.project_id == project_id, in_bin)
        if gesture_id is not None:
            found = found.where(of.gesture_id == gesture_id)
        order = of.id.desc() if newest_first else of.id
        return [
            to_sample(row) for row in self._rows(found.order_by(order).limit(limit).offset(offset))
        ]

    def delete_samples(self, ids: Sequence[int]) -> None:
        """Put samples into the bin."""
        self._update(t.samples, ids, {"deleted_at": now()})

    def restore_samples(self, ids: Sequence[int]) -> None:
        """Take samples out of the bin."""
        self._update(t.samples, ids, {"deleted_at": None})

    def known_hashes(self, project_id: int) -> set[str]:
        """sha256 of the files that samples outside the bin came from."""
        of = t.samples.c
        found = select(of.file_hash).where(
            of.project_id == project_id, of.deleted_at.is_(None), of.file_hash.is_not(None)
        )
        found = found.distinct()
        return {row[0] for row in self._rows(found)}

    # ------------------------------------------------------------------------ looking at it all

    def overview(self, project_id: int) -> list[GestureOverview]:
        """Per gesture: how many samples, of how many persons, from how many sessions."""
        of = t.samples.c
        counts = (
            select(
                of.gesture_id,
                func.count(),
                func.count(distinct(t.sessions.c.person_id)),
                func.count(distinct(t.sessions.c.id)),
            )
            .join_from(t.samples, t.bursts, of.burst_id == t.bursts.c.id)
            .join(t.sessions, t.bursts.c.session_id == t.sessions.c.id)
            .where(of.project_id == project_id, of.deleted_at.is_(None))
            .group_by(of.gesture_id)
        )
        found = {row[0]: tuple(row[1:]) for row in self._rows(counts)}
        return [GestureOverview(g, *found.get(g.id, (0, 0, 0))) for g in self.gestures(project_id)]

    def estimators(self, project_id: int) -> dict[str, int]:
        """Samples per estimator, the most frequent first."""
        of = t.samples.c
        counts = select(of.estimator, func.count()).where(
            of.project_id == project_id, of.deleted_at.is_(None)
        )
        rows = self._rows(counts.group_by(of.estimator).order_by(func.count().desc()))
        return {row[0]: row[1] for row in rows}

    def training_data(self, project_id: int, *, estimator: str | None = None) -> GestureData:
        """The samples of the enabled gestures by one estimator, the most frequent unless told.

        Raises:
            NotFoundError: no such samples.
        """
        estimator = estimator or next(iter(self.estimators(project_id)), None)
        enabled = self.gestures(project_id, enabled_only=True)
        index = {gesture.id: i for i, gesture in enumerate(enabled)}
        of, burst, session = t.samples.c, t.bursts.c, t.sessions.c
        found = (
            select(of.id, of.gesture_id, of.keypoints, of.mirrored_view,
                   t.persons.c.name, burst.session_id, of.burst_id)
            .join_from(t.samples, t.bursts, of.burst_id == burst.id)
            .join(t.sessions, burst.session_id == session.id)
            .join(t.persons, session.person_id == t.persons.c.id)
            .where(of.project_id == project_id, of.deleted_at.is_(None))
            .where(of.estimator == estimator, of.gesture_id.in_(index))
            .order_by(of.id)
        )  # fmt: skip
        rows = self._rows(found)
        if not rows:
            raise NotFoundError("the project has no samples yet: record or import some first")
        ids, gesture, blobs, mirrored, person, sessions, bursts = zip(*rows, strict=True)
        return GestureData(
            array(b"".join(blobs)).reshape(len(rows), -1, 2),
            np.array(mirrored, bool),
            np.array([index[g] for g in gesture], np.int64),
            tuple(g.label for g in enabled),
            np.array(person),
            np.array(sessions),
            np.array(bursts),
            str(estimator),
            np.array(ids, np.int64),
        )

    # ---------------------------------------------------------------------------------- within

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with _plain_errors(), self._engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                yield connection

    def _rows(self, statement: Any) -> Sequence[Any]:
        with _plain_errors(), self._engine.connect() as connection:
            return connection.execute(statement).all()

    def _update(self, table: Table, ids: Iterable[int], values: dict[str, Any]) -> None:
        wanted = list(ids)
        if not values:
            return
        changed = 0
        with self._writing() as connection:
            for begin in range(0, len(wanted), _CHUNK):
                chosen = table.c.id.in_(wanted[begin : begin + _CHUNK])
                changed += connection.execute(update(table).where(chosen).values(values)).rowcount
        if changed < len(wanted):
            raise NotFoundError(f"{len(wanted) - changed} of {len(wanted)} {table.name} are gone")


@contextmanager
def _plain_errors() -> Iterator[None]:
    """The database's errors as ours, without SQL."""
    try:
        yield
    except IntegrityError as error:
        raise StoreError("that name is taken already, or what it belongs to is gone") from error
    except DatabaseError as error:
        reason = str(error.orig)
        if "full" in reason:
            raise StoreFullError("the disk is full: free some space, then go on") from error
        raise StoreError(f"the store can't be used ({reason})") from error


def _inserted(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _named(name: str) -> dict[str, str]:
    safe = safe_name(name)
    return {"name": safe, "key": safe.casefold()}


def _project(row: Any) -> Project:
    return Project(row.id, row.name, row.keypoints_only, row.active_model)


def _gesture(row: Any) -> Gesture:
    return Gesture(row.id, row.name, row.emoji, row.position, row.enabled)
