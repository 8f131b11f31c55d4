"""Add samples to a project, except those that it already has."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, func, select, update

from core.gestures.labels import to_colour_emoji
from core.store.database import schema as t
from core.store.database.checks import check_axes
from core.store.database.transactions import insert_row, name_columns
from core.store.deleting import is_of_project
from core.store.rows import Project
from core.store.transfer import Row, check_sample_rows, insert_rows

_BATCH = 500
_IDENTITY = {  # columns that identify a row of a project
    t.gestures: ("key",),
    t.persons: ("key",),
    t.sessions: ("person_id", "source", "name", "started_at"),
    t.bursts: ("session_id", "started_at"),
}


class SampleMerger:
    """Adds samples, with their gestures, persons, sessions and recordings if missing. `mapping`:
    gesture names of the rows → names in the project. `is_new`: whether the project was created for
    them: its gestures are updated."""

    def __init__(
        self, connection: Connection, project: Project, mapping: Mapping[str, str], *, is_new: bool
    ) -> None:
        self.new: dict[str, list[int]] = {"gestures": [], "persons": [], "samples": []}  # ids
        self.new_gestures: list[str] = []  # names
        self.already = 0  # rows that the project had
        self._connection, self._project = connection, project
        self._mapping, self._is_new = mapping, is_new
        self._existing = {table: self._find_rows(table) for table in _IDENTITY}
        self._ids: dict[Any, int] = {}
        position = select(func.max(t.gestures.c.position))
        last = connection.scalar(position.where(t.gestures.c.project_id == project.id))
        self._last_position = -1 if last is None else last
        self._known = self._find_known_samples()
        self._waiting: list[Row] = []

    def _find_rows(self, table: Table) -> dict[tuple[Any, ...], int]:
        """Return {identity: id} of the project's rows in a table, without those in the bin."""
        columns = [table.c[name] for name in _IDENTITY[table]]
        found = select(*columns, table.c.id).where(is_of_project(table, self._project.id))
        if "deleted_at" in table.c:
            found = t.filter_deleted(found, table)
        return {tuple(key): row_id for *key, row_id in self._connection.execute(found)}

    def _find_known_samples(self) -> set[bytes | str]:
        """Return hashes of the project's samples, and their source files, outside the bin."""
        of, known = t.samples.c, set[bytes | str]()
        found = select(of.file_hash, of.taken_at, of.instance, of.keypoints)
        found = t.filter_deleted(found.where(of.project_id == self._project.id), t.samples)
        streamed = self._connection.execution_options(yield_per=_BATCH)
        for file_hash, *sample in streamed.execute(found):
            known |= {file_hash, _hash_sample(*sample)}
        return known

    def add(self, row: Row, *, is_foreign: bool) -> None:
        """Queue a row's sample unless the project already has it; insert its gesture, person,
        session and recording if they are missing.

        Args:
            row: columns of `samples`, and of its origin as `gesture_…`, `session_…`, `burst_…`.
            is_foreign: whether another program wrote it; `file_hash` then identifies it.
        """
        sample = _hash_sample(row["taken_at"], row["instance"], row["keypoints"])
        if sample in self._known or (is_foreign and row["file_hash"] in self._known):
            self.already += 1
            return
        self._known.add(sample)
        gesture_id = self._ensure_gesture(row)
        person = name_columns(row["person"]) | {"project_id": self._project.id}
        session = {name: row[f"session_{name}"] for name in ("source", "name", "started_at")}
        session["person_id"] = self._ensure_row(t.persons, None, person)
        session["project_id"] = self._project.id
        burst = {"gesture_id": gesture_id, "started_at": row["burst_started_at"]}
        burst["session_id"] = self._ensure_row(t.sessions, row["session_id"], session)
        burst_id = self._ensure_row(t.bursts, row["burst_id"], burst)
        ids = {"gesture_id": gesture_id, "burst_id": burst_id, "project_id": self._project.id}
        self._waiting.append(row | ids)
        if len(self._waiting) == _BATCH:
            self.flush()

    def flush(self) -> None:
        """Check the axes of the queued samples, then insert the samples."""
        if not self._waiting:
            return
        kinds = {
            (len(row["keypoints"]) // len(row["scores"]), bool(row["world"]), row["estimator"])
            for row in self._waiting
        }
        check_axes(self._connection, self._project.id, kinds)
        columns = t.samples.c.keys()
        rows = [{c: row[c] for c in columns if c in row and c != "id"} for row in self._waiting]
        check_sample_rows(self._connection, self._project, self._waiting, rows)
        self.new["samples"] += insert_rows(self._connection, t.samples, rows)
        self._waiting = []

    def _ensure_row(self, table: Table, file_id: int | None, columns: Row) -> int:
        """Return the id of the project's row for this id in the file; insert the row if there is no
        equal one."""
        identity = tuple(columns[name] for name in _IDENTITY[table])
        key = table, file_id, identity
        if key not in self._ids:
            row_id = self._existing[table].get(identity)
            if row_id is None:
                row_id = insert_row(self._connection, table, columns)
                self.new.get(table.name, []).append(row_id)
            self._ids[key] = row_id
        return self._ids[key]

    def _ensure_gesture(self, row: Row) -> int:
        """Return the id of the row's gesture: insert a missing one; in a new project, update it."""
        name = name_columns(self._mapping.get(row["gesture"], row["gesture"]))
        if (t.gestures, None, (name["key"],)) in self._ids:
            return self._ids[t.gestures, None, (name["key"],)]
        columns = {n: row[f"gesture_{n}"] for n in ("position", "enabled", "kind")}
        columns["emoji"] = to_colour_emoji(row["gesture_emoji"])
        existing = self._existing[t.gestures].get((name["key"],))
        if existing is None:
            self._last_position += 1
            if not self._is_new:
                columns["position"] = self._last_position
            self.new_gestures.append(name["name"])
        elif self._is_new:
            gesture = update(t.gestures).where(t.gestures.c.id == existing)
            self._connection.execute(gesture.values(columns))
        columns |= name | {"project_id": self._project.id}
        return self._ensure_row(t.gestures, None, columns)


def _hash_sample(taken_at: str, instance: int, keypoints: bytes) -> bytes:
    """Return a hash of what identifies a sample: its time, instance and keypoints."""
    text = f"{taken_at} {instance} ".encode()
    return hashlib.blake2b(text + keypoints, digest_size=16).digest()
