"""The store's main class: projects, gestures, persons, sessions and samples.

Everything is in one database: SQLite in WAL mode by default, or PostgreSQL by URL. Whatever is
deleted goes to the bin (`deleted_at`) and can be restored.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import distinct, func, insert, select

from core.errors import LabelError, NotFoundError
from core.gestures.data import GestureData
from core.gestures.features import get_feature_set
from core.gestures.labels import (
    ARM_POSES,
    DEFAULT_GESTURES,
    MOTIONS,
    NONE,
    TWO_HANDED,
    to_colour_emoji,
)
from core.pose.finders import finders_of, keypoints_of_all
from core.pose.skeletons.table import BODY_33, HAND_21, HANDS_42, skeleton_named
from core.store.database import schema as t
from core.store.database.checks import check_recording, check_samples, find_sample_home
from core.store.database.transactions import Database, insert_row, name_columns
from core.store.learned import (
    NOTHING_IN_SPACE,
    build_training_query,
    choose_estimators,
    count_estimators,
)
from core.store.rows import (
    MOVING,
    STILL,
    Gesture,
    GestureOverview,
    NewSample,
    Person,
    Project,
    Sample,
    now,
    to_crop_rows,
    to_record,
    to_row,
    to_sample,
    to_training_data,
)
from core.words import mark, words

_FIRST_GESTURES = {  # of a new project, by skeleton
    HAND_21.name: DEFAULT_GESTURES,
    HANDS_42.name: TWO_HANDED,
    BODY_33.name: ARM_POSES,
}


class Store(Database):
    """The owner's projects and everything in them."""

    def create_project(
        self,
        name: str,
        *,
        keypoints_only: bool = False,
        skeleton: str = HAND_21.name,
        in_space: bool = False,
        motions: bool = False,
    ) -> Project:
        """Create a project with the default gestures of its skeleton, including `none`.

        Args:
            in_space: whether it trains on 3-D keypoints.
            motions: whether it starts with moving hand gestures instead.

        Raises:
            StoreError: the name is taken.
            LabelError: the name is invalid.
            SkeletonError: no such skeleton, or it has no 3-D features.
        """
        first = _FIRST_GESTURES.get(skeleton_named(skeleton).name, (NONE,))
        first, kind = (MOTIONS, MOVING) if motions else (first, STILL)
        if in_space:
            get_feature_set(skeleton, 3)
        with self.begin_write() as connection:
            row = {"keypoints_only": keypoints_only, "created_at": now(), "owner": self.owner}
            row |= name_columns(name) | {"skeleton": skeleton, "in_space": in_space}
            project_id = insert_row(connection, t.projects, row)
            for position, gesture in enumerate(first):
                row = {"project_id": project_id, "emoji": gesture.emoji, "position": position}
                row |= name_columns(gesture.name) | {"enabled": True, "kind": kind}
                insert_row(connection, t.gestures, row)
        return self.find_project(project_id)

    def projects(self, *, deleted: bool = False) -> list[Project]:
        """Return the owner's projects, sorted by name; with `deleted`, those in the bin."""
        found = t.filter_deleted(select(t.projects), t.projects, deleted)
        found = found.where(t.projects.c.owner == self.owner).order_by(t.projects.c.key)
        return [to_record(Project, row) for row in self.fetch_all(found)]

    def project(self, name: str) -> Project:
        """Return the project with this name, ignoring case; raise NotFoundError if missing."""
        projects = self.projects()
        with suppress(LabelError):  # no project has an invalid name
            key = name_columns(name)["key"]
            for project in projects:
                if project.name.casefold() == key:
                    return project
        existing = ", ".join(f"“{project.name}”" for project in projects) or "none yet"
        raise NotFoundError(f"no project “{name}”; there are: {existing}")

    def find_project(self, project_id: int) -> Project:
        """Return the project with this id; raise NotFoundError if it was deleted."""
        for project in self.projects():
            if project.id == project_id:
                return project
        raise NotFoundError(
            words("this project was deleted meanwhile: choose another, or restore it")
        )

    def rename_project(self, project_id: int, name: str) -> None:
        """Rename a project."""
        title = mark("Renamed the project “{name}”")
        self.update_rows(t.projects, [project_id], title, **name_columns(name))

    def delete_project(self, project_id: int) -> None:
        """Put a project with everything in it into the bin."""
        title = mark("Deleted the project “{name}”")
        self.update_rows(t.projects, [project_id], title, deleted_at=now())

    def set_active_model(self, project_id: int, run: str | None) -> None:
        """Set the run whose model the project uses; None: always the newest run's."""
        self.update_rows(t.projects, [project_id], mark("Switched the model"), active_model=run)

    def gestures(
        self, project_id: int, *, enabled_only: bool = False, deleted: bool = False
    ) -> list[Gesture]:
        """Return a project's gestures by position; with `deleted`, those in the bin."""
        of = t.gestures.c
        own = select(t.gestures).where(of.project_id == project_id, self.is_own(of.project_id))
        found = t.filter_deleted(own, t.gestures, deleted)
        if enabled_only:
            found = found.where(of.enabled)
        return [
            to_record(Gesture, row) for row in self.fetch_all(found.order_by(of.position, of.id))
        ]

    def add_gesture(
        self,
        project_id: int,
        name: str,
        emoji: str = "",
        kind: str = STILL,
        *,
        undoable: bool = True,
    ) -> Gesture:
        """Add a gesture of kind STILL or MOVING at the end; raise StoreError if the name is taken.
        If `undoable` is False (as in an import, which is undone as a whole), don't add it to the
        history."""
        columns, emoji = name_columns(name), to_colour_emoji(emoji)
        title = words("Added the gesture “{name}”", name=columns["name"])
        with self.begin_undoable(project_id, title) as undo_log:
            last = select(func.max(t.gestures.c.position))
            last = last.where(t.gestures.c.project_id == project_id)
            position = (undo_log.connection.scalar(last) or 0) + 1
            row = columns | {"project_id": project_id, "position": position}
            row |= {"enabled": True, "kind": kind, "emoji": emoji}
            gesture_id = insert_row(undo_log.connection, t.gestures, row)
            if undoable:
                undo_log.record_inserts(t.gestures, [gesture_id])
        return Gesture(gesture_id, columns["name"], emoji, position, True, kind)

    def update_gesture(
        self,
        gesture_id: int,
        *,
        name: str | None = None,
        emoji: str | None = None,
        enabled: bool | None = None,
        position: int | None = None,
    ) -> None:
        """Change a gesture's columns; None leaves a column unchanged. Can be undone."""
        colour = None if emoji is None else to_colour_emoji(emoji)
        given = {"emoji": colour, "enabled": enabled, "position": position}
        columns = {key: value for key, value in given.items() if value is not None}
        columns |= name_columns(name) if name else {}
        title = mark("Changed the gesture “{name}”")
        if columns.keys() == {"enabled"}:
            on, off = (
                mark("Switched the gesture “{name}” on"),
                mark("Switched the gesture “{name}” off"),
            )
            title = on if enabled else off
        self.update_rows(t.gestures, [gesture_id], title, **columns)

    def delete_gesture(self, gesture_id: int) -> None:
        """Put a gesture with its samples into the bin."""
        its_samples = t.samples.c.gesture_id == gesture_id
        title = mark("Deleted the gesture “{name}”")
        self.delete_with_samples(t.gestures, gesture_id, title, its_samples)

    def persons(self, project_id: int, *, deleted: bool = False) -> list[Person]:
        """Return a project's persons, sorted by name; with `deleted`, those in the bin."""
        of = t.persons.c
        own = select(t.persons).where(of.project_id == project_id, self.is_own(of.project_id))
        found = t.filter_deleted(own, t.persons, deleted).order_by(of.key)
        return [to_record(Person, row) for row in self.fetch_all(found)]

    def ensure_person(self, project_id: int, name: str) -> Person:
        """Return the person with this name, ignoring case; create the person if missing."""
        columns, of = name_columns(name) | {"project_id": project_id}, t.persons.c
        with self.begin_write() as connection:
            self.check_owner(connection, project_id)
            found = select(t.persons).where(of.project_id == project_id, of.key == columns["key"])
            row = connection.execute(t.filter_deleted(found, t.persons)).first()
            if row is not None:
                return Person(row.id, row.name)
            return Person(insert_row(connection, t.persons, columns), str(columns["name"]))

    def delete_person(self, person_id: int) -> None:
        """Put a person with their samples into the bin."""
        its_samples = t.is_of_person(person_id)
        title = mark("Deleted the person “{name}”")
        self.delete_with_samples(t.persons, person_id, title, its_samples)

    def start_session(self, project_id: int, person_id: int, source: str) -> int:
        """Insert a person's session, recorded or imported from `source`, and return its id."""
        row = {"project_id": project_id, "person_id": person_id, "source": source}
        with self.begin_write() as connection:
            self.check_owner(connection, project_id)
            return insert_row(connection, t.sessions, row | {"started_at": now()})

    def start_recording(self, session_id: int, gesture_id: int) -> int:
        """Insert a recording of a gesture into a session and return its id; raise NotFoundError if
        either is missing or they belong to different projects."""
        row = {"session_id": session_id, "gesture_id": gesture_id, "started_at": now()}
        with self.begin_write() as connection:
            check_recording(connection, session_id, gesture_id, self.owner)
            return insert_row(connection, t.bursts, row)

    def add_samples(self, burst_id: int, new: Sequence[NewSample]) -> list[int]:
        """Store samples and their crops in a recording, all or none, and return their ids; crops
        are not stored if the project is keypoints-only. Raises NotFoundError: no such recording, or
        its gesture, person or project is in the bin; KindError: single frames of a moving gesture,
        or clips of a still one; SkeletonError: another skeleton or other axes than the project's;
        StoreFullError: the disk is full; nothing was stored."""
        stored = insert(t.samples).returning(t.samples.c.id, sort_by_parameter_order=True)
        with self.begin_write() as connection:
            home = find_sample_home(connection, burst_id, self.owner)
            if not new:
                return []
            check_samples(connection, home, new)
            place = {name: getattr(home, name) for name in ("burst_id", "project_id", "gesture_id")}
            rows = [to_row(sample) | place for sample in new]
            ids = list(connection.execute(stored, rows).scalars())
            crops = [row for i, one in zip(ids, new, strict=True) for row in to_crop_rows(i, one)]
            if crops and not home.keypoints_only:  # also if the recorder sent some
                connection.execute(insert(t.crops), crops)
            wholes = [
                to_row(one.whole) | place | {"deleted_at": one.whole.taken_at}
                for one in new
                if one.whole is not None
            ]
            if wholes:
                connection.execute(insert(t.samples), wholes)
        return ids

    def samples(
        self,
        project_id: int,
        *,
        gesture_id: int | None = None,
        limit: int = 100,
        newest_first: bool = True,
        deleted: bool = False,
    ) -> list[Sample]:
        """Return up to `limit` of a project's samples with crops; with `deleted`, the bin's."""
        of = t.samples.c
        order = of.id.desc() if newest_first else of.id
        page = select(of.id).where(of.project_id == project_id)
        page = t.filter_deleted(page, t.samples, deleted)
        if gesture_id is not None:
            page = page.where(of.gesture_id == gesture_id)
        return self.fetch_samples(of.id.in_(page.order_by(order).limit(limit)), order)

    def fetch_samples(self, condition: Any, order: Any = None) -> list[Sample]:
        """Return the owner's samples that meet an SQL condition, with middle frames' crops."""
        found = (
            select(t.samples, t.crops.c.jpeg, t.projects.c.skeleton)
            .outerjoin(t.crops, t.is_middle_crop)
            .join(t.projects, t.samples.c.project_id == t.projects.c.id)
            .where(condition, t.projects.c.owner == self.owner)
            .order_by(order)
        )
        return [to_sample(row) for row in self.fetch_all(found)]

    def crops(self, sample_id: int) -> dict[int, bytes]:
        """Return a sample's crops as {frame number: JPEG}."""
        of = t.crops.c
        found = select(of.frame, of.jpeg).join_from(t.crops, t.samples)
        found = found.where(of.sample_id == sample_id, self.is_own(t.samples.c.project_id))
        return {row[0]: row[1] for row in self.fetch_all(found.order_by(of.frame))}

    def stored_file_hashes(self, project_id: int) -> set[str]:
        """Return the SHA-256 of all source files of the project's samples outside the bin."""
        of = t.samples.c
        found = select(of.file_hash).where(of.project_id == project_id, of.deleted_at.is_(None))
        found = found.where(of.file_hash.is_not(None), self.is_own(of.project_id))
        return {row[0] for row in self.fetch_all(found.distinct())}

    def stored_table_keypoints(self, project_id: int, table_sha256: str) -> Counter[bytes]:
        """Count how often each keypoint blob was imported from the table with this SHA-256, among
        the samples outside the bin."""
        of = t.samples.c
        found = select(of.keypoints).where(
            of.project_id == project_id,
            of.deleted_at.is_(None),
            of.file_hash.between(f"{table_sha256}:", f"{table_sha256}:~"),
            self.is_own(of.project_id),
        )
        return Counter(row[0] for row in self.fetch_all(found))

    def overview(self, project_id: int) -> list[GestureOverview]:
        """Count, for each gesture of the project, samples outside the bin, persons and sessions."""
        of = t.samples.c
        persons = func.count(distinct(t.sessions.c.person_id))
        sessions = func.count(distinct(t.sessions.c.id))
        counts = (
            select(of.gesture_id, func.count(), persons, sessions)
            .select_from(t.SAMPLES_WITH_SESSIONS)
            .where(of.project_id == project_id, of.deleted_at.is_(None))
            .group_by(of.gesture_id)
        )
        found = {row[0]: tuple(row[1:]) for row in self.fetch_all(counts)}
        return [GestureOverview(g, *found.get(g.id, (0, 0, 0))) for g in self.gestures(project_id)]

    def count_excluded(self, project_id: int) -> dict[str, int]:
        """Count the samples that `training_data` excludes by default, per estimator."""
        in_space = self.find_project(project_id).in_space
        enabled = [gesture.id for gesture in self.gestures(project_id, enabled_only=True)]
        counts = count_estimators(self, project_id, enabled, in_space)
        chosen = finders_of(choose_estimators(counts, in_space))
        excluded = {c.estimator: c.samples - c.usable * (c.estimator in chosen) for c in counts}
        return {estimator: count for estimator, count in excluded.items() if count}

    def training_data(
        self,
        project_id: int,
        *,
        estimators: Sequence[str] = (),
        in_space: bool | None = None,
        clips: bool | None = None,
    ) -> GestureData:
        """Return the samples of the project's enabled gestures as training data. Raises
        NotFoundError: no such samples.

        Args:
            estimators: to use; default: all for 3-D keypoints, the most frequent one for 2-D.
            in_space: 3-D or 2-D keypoints; None: as the project is set.
            clips: clips, as windows, or single frames; None: single frames, else clips.
        """
        project = self.find_project(project_id)
        in_space = project.in_space if in_space is None else in_space
        enabled = self.gestures(project_id, enabled_only=True)
        ids = [gesture.id for gesture in enabled]
        counts = count_estimators(self, project_id, ids, in_space)
        chosen = keypoints_of_all(estimators) or choose_estimators(counts, in_space)
        which = project_id, ids, chosen, in_space
        rows = self.fetch_all(build_training_query(*which, clips=bool(clips)))
        if clips is None and not rows:
            rows = self.fetch_all(build_training_query(*which, clips=True))
        if not rows:
            nothing = words("the project has no samples yet: record or import some first")
            raise NotFoundError(NOTHING_IN_SPACE if in_space and counts else nothing)
        return to_training_data(rows, enabled, project.skeleton)
