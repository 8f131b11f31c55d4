"""Everything recorded, in one database: SQLite in WAL mode by default, PostgreSQL by URL.

Whatever is deleted goes to the bin (`deleted_at`) and can be restored.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import distinct, func, insert, select

from core.errors import LabelError, NotFoundError
from core.gestures.data import GestureData
from core.gestures.features import feature_set
from core.gestures.labels import (
    ARM_POSES,
    DEFAULT_GESTURES,
    MOTIONS,
    NONE,
    TWO_HANDED,
    in_colour,
    safe_name,
)
from core.pose.finders import keypoints_of_all
from core.pose.skeletons.table import BODY_33, HAND_21, HANDS_42, skeleton_named
from core.store.database import schema as t
from core.store.database.checks import check_recording, check_samples, home_of
from core.store.database.transactions import Database, inserted, named
from core.store.kinds import check_frames
from core.store.learned import NO_SPACE, counted_estimators, training_rows, usual_finders
from core.store.rows import (
    MOVING,
    STILL,
    Gesture,
    GestureOverview,
    NewSample,
    Person,
    Project,
    Sample,
    crop_rows,
    now,
    to_gesture,
    to_project,
    to_row,
    to_sample,
    to_training_data,
    whole_rows,
)

# the gestures that a new project of this skeleton begins with
_READY = {HAND_21.name: DEFAULT_GESTURES, HANDS_42.name: TWO_HANDED, BODY_33.name: ARM_POSES}


class Store(Database):
    """The projects and all that belongs to them."""

    # -------------------------------------------------------------------------------- projects

    def create_project(
        self,
        name: str,
        *,
        keypoints_only: bool = False,
        skeleton: str = HAND_21.name,
        in_space: bool = False,
        motions: bool = False,
    ) -> Project:
        """A new project with the gestures of its kind, the eight of hands for instance, and `none`.

        Args:
            in_space: it learns from keypoints in space.
            motions: it begins with gestures of hands that move instead.

        Raises:
            StoreError: the name is taken.
            LabelError: it can't be a name.
            SkeletonError: no such skeleton, or no features of it in space.
        """
        ready = _READY.get(skeleton_named(skeleton).name, (NONE,))
        ready, kind = (MOTIONS, MOVING) if motions else (ready, STILL)
        if in_space:
            feature_set(skeleton, 3)
        with self.writing() as connection:
            made_at = now()
            values = {"keypoints_only": keypoints_only, "created_at": made_at}
            values |= named(name) | {"skeleton": skeleton, "in_space": in_space}
            values["owner"] = self.owner
            project_id = inserted(connection, t.projects, values)
            for position, gesture in enumerate(ready):
                values = named(gesture.name) | {"project_id": project_id, "emoji": gesture.emoji}
                values |= {"position": position, "enabled": True, "kind": kind}
                inserted(connection, t.gestures, values)
        about = safe_name(name), keypoints_only, None, made_at, skeleton, in_space
        return Project(project_id, *about)

    def projects(self, *, deleted: bool = False) -> list[Project]:
        """All by name; `deleted` shows the bin instead."""
        found = t.in_bin(select(t.projects), t.projects, deleted).order_by(t.projects.c.key)
        found = found.where(t.projects.c.owner == self.owner)
        return [to_project(row) for row in self.rows(found)]

    def project(self, name: str) -> Project:
        """The project of that name, ignoring case.

        Raises:
            NotFoundError: there is none.
        """
        with suppress(LabelError):  # what can't be a name is no project's name
            found = t.in_bin(select(t.projects), t.projects)
            found = found.where(t.projects.c.owner == self.owner)
            for row in self.rows(found.where(t.projects.c.key == named(name)["key"])):
                return to_project(row)
        there = ", ".join(f"“{project.name}”" for project in self.projects()) or "none yet"
        raise NotFoundError(f"no project “{name}”; there are: {there}")

    def rename_project(self, project_id: int, name: str) -> None:
        """Give it another name."""
        self.change(t.projects, [project_id], "Renamed the project “{}”", **named(name))

    def delete_project(self, project_id: int) -> None:
        """Put it into the bin, with all that belongs to it."""
        self.change(t.projects, [project_id], "Deleted the project “{}”", deleted_at=now())

    def restore_project(self, project_id: int) -> None:
        """Take it out of the bin.

        Raises:
            StoreError: its name is another's by now.
        """
        self.change(t.projects, [project_id], "Restored the project “{}”", deleted_at=None)

    def set_active_model(self, project_id: int, run: str | None) -> None:
        """Use this run's model in the project; None: the starter model."""
        self.change(t.projects, [project_id], "Chose the model in use", active_model=run)

    # -------------------------------------------------------------------------------- gestures

    def gestures(
        self, project_id: int, *, enabled_only: bool = False, deleted: bool = False
    ) -> list[Gesture]:
        """A project's gestures in their order; `deleted` shows the bin instead."""
        of = t.gestures.c
        own = (of.project_id == project_id) & self.own(of.project_id)
        found = t.in_bin(select(t.gestures).where(own), t.gestures, deleted)
        if enabled_only:
            found = found.where(of.enabled)
        return [to_gesture(row) for row in self.rows(found.order_by(of.position, of.id))]

    def add_gesture(
        self, project_id: int, name: str, emoji: str = "", kind: str = STILL, *, alone: bool = True
    ) -> Gesture:
        """A new gesture, last in order, STILL or MOVING.

        Args:
            alone: it is an action of its own, which can be undone; not part of an import.

        Raises:
            StoreError: the name is taken.
        """
        with self.undoable(project_id, f"Added the gesture “{safe_name(name)}”") as undo_log:
            connection = undo_log.connection
            last = select(func.max(t.gestures.c.position)).where(
                t.gestures.c.project_id == project_id
            )
            position = (connection.execute(last).scalar() or 0) + 1
            values = {"project_id": project_id, "position": position}
            values |= named(name) | {"enabled": True, "kind": kind, "emoji": in_colour(emoji)}
            gesture_id = inserted(connection, t.gestures, values)
            if alone:
                undo_log.added(t.gestures, [gesture_id])
        return Gesture(gesture_id, safe_name(name), in_colour(emoji), position, True, kind)

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
        colour = None if emoji is None else in_colour(emoji)
        given = {"emoji": colour, "enabled": enabled, "position": position}
        values = {key: value for key, value in given.items() if value is not None}
        values |= named(name) if name else {}
        title = "Changed the gesture “{}”"
        if values.keys() == {"enabled"}:
            title = f"Switched the gesture “{{}}” {'on' if enabled else 'off'}"
        self.change(t.gestures, [gesture_id], title, **values)

    def delete_gesture(self, gesture_id: int) -> None:
        """Put it into the bin, its samples with it."""
        of_it = t.samples.c.gesture_id == gesture_id
        self.to_bin(t.gestures, gesture_id, "Deleted the gesture “{}”", of_it)

    # ------------------------------------------------------------- persons, sessions and recordings

    def persons(self, project_id: int, *, deleted: bool = False) -> list[Person]:
        """Who recorded, by name; `deleted` shows the bin instead."""
        of = t.persons.c
        own = (of.project_id == project_id) & self.own(of.project_id)
        found = t.in_bin(select(t.persons).where(own), t.persons, deleted)
        return [Person(row.id, row.name) for row in self.rows(found.order_by(of.key))]

    def ensure_person(self, project_id: int, name: str) -> Person:
        """The person of that name, ignoring case; made where missing."""
        values = named(name) | {"project_id": project_id}
        of = t.persons.c
        with self.writing() as connection:
            self.check_own(connection, project_id)
            found = select(t.persons).where(of.project_id == project_id, of.key == values["key"])
            row = connection.execute(t.in_bin(found, t.persons)).first()
            if row is not None:
                return Person(row.id, row.name)
            return Person(inserted(connection, t.persons, values), str(values["name"]))

    def delete_person(self, person_id: int) -> None:
        """Put the person into the bin, their samples with them."""
        self.to_bin(t.persons, person_id, "Deleted the person “{}”", t.recorded_by(person_id))

    def start_session(self, project_id: int, person_id: int, source: str) -> int:
        """One session of a person, or one import; its id."""
        values = {"project_id": project_id, "person_id": person_id, "source": source}
        with self.writing() as connection:
            self.check_own(connection, project_id)
            return inserted(connection, t.sessions, values | {"started_at": now()})

    def start_recording(self, session_id: int, gesture_id: int) -> int:
        """One recording of a gesture in a session; its id.

        Raises:
            NotFoundError: one of them is gone, or they are of different projects.
        """
        values = {"session_id": session_id, "gesture_id": gesture_id, "started_at": now()}
        with self.writing() as connection:
            check_recording(connection, session_id, gesture_id, self.owner)
            return inserted(connection, t.bursts, values)

    # --------------------------------------------------------------------------------- samples

    def add_samples(self, burst_id: int, new: Sequence[NewSample]) -> list[int]:
        """Store samples of one recording, all or none; their ids.

        Raises:
            NotFoundError: no such recording; its gesture, person or project is in the bin.
            KindError: single frames of a moving gesture, or clips of a still one.
            SkeletonError: samples of another skeleton than the project's, with a z that its others
                lack, or without one where it learns in space.
            StoreFullError: the disk is full; nothing of these was stored.
        """
        stored = insert(t.samples).returning(t.samples.c.id, sort_by_parameter_order=True)
        with self.writing() as connection:
            about, gesture, kind = home_of(connection, burst_id, self.owner)
            if not new:
                return []
            check_frames(gesture, kind, [sample.frames for sample in new])
            keypoints_only = check_samples(connection, about["project_id"], new)
            rows = [to_row(sample) | about for sample in new]
            ids = list(connection.execute(stored, rows).scalars())
            crops = [row for i, one in zip(ids, new, strict=True) for row in crop_rows(i, one)]
            if crops and not keypoints_only:  # whoever records: no picture goes in there
                connection.execute(insert(t.crops), crops)
            if wholes := whole_rows(new, about):
                connection.execute(insert(t.samples), wholes)
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
        order = of.id.desc() if newest_first else of.id
        # The ids first, from the index alone: a far page must not wade through keypoints.
        page = t.in_bin(select(of.id).where(of.project_id == project_id), t.samples, deleted)
        if gesture_id is not None:
            page = page.where(of.gesture_id == gesture_id)
        page = page.order_by(order).limit(limit).offset(offset)
        found = select(t.samples, t.crops.c.jpeg, t.projects.c.skeleton)
        found = found.outerjoin(t.crops, t.shown_crop).join(
            t.projects, of.project_id == t.projects.c.id
        )
        found = found.where(of.id.in_(page), t.projects.c.owner == self.owner).order_by(order)
        return [to_sample(row) for row in self.rows(found)]

    def crops(self, sample_id: int) -> dict[int, bytes]:
        """The JPEGs of a sample's crops by the number of their frame."""
        of = t.crops.c
        found = select(of.frame, of.jpeg).join_from(t.crops, t.samples)
        found = found.where(of.sample_id == sample_id, self.own(t.samples.c.project_id))
        found = found.order_by(of.frame)
        return {row[0]: row[1] for row in self.rows(found)}

    def skeleton(self, project_id: int) -> str:
        """The name of a project's skeleton.

        Raises:
            NotFoundError: no such project.
        """
        return self.learned_keypoints(project_id)[0]

    def learned_keypoints(self, project_id: int) -> tuple[str, bool]:
        """The name of a project's skeleton, and whether it learns from keypoints in space.

        Raises:
            NotFoundError: no such project.
        """
        of = t.projects.c
        found = select(of.skeleton, of.in_space)
        for row in self.rows(found.where(of.id == project_id, of.owner == self.owner)):
            return str(row[0]), bool(row[1])
        raise NotFoundError(f"no project {project_id}: it is gone")

    def known_hashes(self, project_id: int) -> set[str]:
        """sha256 of the files that samples outside the bin came from."""
        of = t.samples.c
        found = select(of.file_hash).where(of.project_id == project_id, of.deleted_at.is_(None))
        found = found.where(of.file_hash.is_not(None), self.own(of.project_id))
        return {row[0] for row in self.rows(found.distinct())}

    def known_keypoints(self, project_id: int, digest: str) -> Counter[bytes]:
        """The keypoints, as blobs, that came from the table of this sha256 and are not in the bin;
        how often each."""
        of = t.samples.c
        found = select(of.keypoints).where(
            of.project_id == project_id,
            of.deleted_at.is_(None),
            of.file_hash.between(f"{digest}:", f"{digest}:~"),
            self.own(of.project_id),
        )
        return Counter(row[0] for row in self.rows(found))

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
        found = {row[0]: tuple(row[1:]) for row in self.rows(counts)}
        return [GestureOverview(g, *found.get(g.id, (0, 0, 0))) for g in self.gestures(project_id)]

    def estimators(
        self, project_id: int, gesture_ids: Sequence[int] | None = None
    ) -> dict[str, int]:
        """Samples per estimator, the most frequent first; of all gestures or of some."""
        counts = counted_estimators(project_id, gesture_ids)
        own = self.own(t.samples.c.project_id)
        return {row[0]: row[1] for row in self.rows(counts.where(own))}

    def training_data(
        self,
        project_id: int,
        *,
        estimators: Sequence[str] = (),
        in_space: bool | None = None,
        clips: bool | None = None,
    ) -> GestureData:
        """The samples of the enabled gestures. Keypoints in space are alike, whoever found them;
        those in the picture are of one estimator.

        Args:
            estimators: that found them; none: in space all, in the picture the most frequent.
            in_space: their keypoints in space, or in the picture; None: as the project learns.
            clips: clips, as windows, or single frames; None: these, or where there are none, clips.

        Raises:
            NotFoundError: no such samples.
        """
        skeleton, learned = self.learned_keypoints(project_id)
        in_space = learned if in_space is None else in_space
        enabled = self.gestures(project_id, enabled_only=True)
        wanted = [gesture.id for gesture in enabled]
        found_by = keypoints_of_all(estimators) or usual_finders(self, project_id, wanted, in_space)
        which = project_id, wanted, found_by, in_space
        rows = self.rows(training_rows(*which, clips=bool(clips)))
        if clips is None and not rows:
            rows = self.rows(training_rows(*which, clips=True))
        if not rows:
            flat = in_space and self.estimators(project_id, wanted)
            nothing = "the project has no samples yet: record or import some first"
            raise NotFoundError(NO_SPACE if flat else nothing)
        return to_training_data(rows, enabled, skeleton)
