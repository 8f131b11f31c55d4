"""The store's tables, and conditions that many queries share.

Names are unique outside the bin, ignoring case (`key` is the folded name). A row with `deleted_at`
is in the bin. Arrays are little-endian float32 blobs; times are ISO 8601, UTC. Ids are never reused
(`sqlite_autoincrement`, PostgreSQL's sequences): a training's files name samples that may be gone.
"""

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    select,
)

VERSION = 11

metadata = MetaData()

meta = Table("meta", metadata, Column("version", Integer, nullable=False))


def _create_table(name: str, *columns: Column[Any]) -> Table:
    """Create a table with ids that are never reused."""
    key = Column("id", Integer, primary_key=True)
    return Table(name, metadata, key, *columns, sqlite_autoincrement=True)


projects = _create_table(
    "projects",
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("keypoints_only", Boolean, nullable=False),
    Column("created_at", String, nullable=False),
    Column("deleted_at", String),
    Column("active_model", String),  # since version 2
    Column("skeleton", String, nullable=False),  # since version 7: of its samples
    Column("in_space", Boolean, nullable=False),  # since version 8: trains on x, y, z
    Column("owner", String, nullable=False),  # since version 9: "" without login
)

gestures = _create_table(
    "gestures",
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("emoji", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("deleted_at", String),
    Column("kind", String, nullable=False),  # since version 7: "still" or "moving"
)

persons = _create_table(
    "persons",
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("deleted_at", String),
)

sessions = _create_table(
    "sessions",
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("person_id", ForeignKey("persons.id"), nullable=False),
    Column("source", String, nullable=False),
    Column("started_at", String, nullable=False),
    Column("name", String),  # since version 5, e.g. "in the car"
)

bursts = _create_table(
    "bursts",
    Column("session_id", ForeignKey("sessions.id"), nullable=False),
    Column("gesture_id", ForeignKey("gestures.id"), nullable=False),
    Column("started_at", String, nullable=False),
)

samples = _create_table(
    "samples",
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("gesture_id", ForeignKey("gestures.id"), nullable=False),
    Column("burst_id", ForeignKey("bursts.id"), nullable=False),
    Column("keypoints", LargeBinary, nullable=False),
    Column("scores", LargeBinary, nullable=False),
    Column("world", LargeBinary),
    Column("handedness", String),
    Column("instance", Integer, nullable=False),  # which of several hands or persons in a frame
    Column("height", Integer),
    Column("width", Integer),
    Column("square_x", Float),
    Column("square_y", Float),
    Column("square_side", Float),
    Column("source", String, nullable=False),
    Column("mirrored_view", Boolean, nullable=False),
    Column("space", String, nullable=False),
    Column("estimator", String, nullable=False),
    Column("estimator_version", String, nullable=False),
    Column("file_hash", String),
    Column("taken_at", String, nullable=False),
    Column("deleted_at", String),
    # since version 7: a sample is a clip of `frames` frames; `time_s` is the first frame's time in
    # its source, `times` holds all times (float64) of a clip of several frames
    Column("frames", Integer, nullable=False),
    Column("time_s", Float),
    Column("times", LargeBinary),
    Column("visibility", LargeBinary),
)

# a table of their own, so that reading keypoints does not read pictures
crops = Table(
    "crops",
    metadata,
    Column("sample_id", ForeignKey("samples.id"), primary_key=True),
    Column("frame", Integer, primary_key=True, autoincrement=False),  # since version 7
    Column("jpeg", LargeBinary, nullable=False),
)
# samples with their recordings and sessions, and with their gestures and persons as well
SAMPLES_WITH_SESSIONS = samples.join(bursts).join(sessions)
SAMPLES_WITH_ORIGINS = SAMPLES_WITH_SESSIONS.join(persons).join(
    gestures, samples.c.gesture_id == gestures.c.id
)

# a clip is shown by the crop of its middle frame
is_middle_crop = (crops.c.sample_id == samples.c.id) & (crops.c.frame == samples.c.frames // 2)

# the whole recording that a clip was trimmed from: deleted with the bin, but never shown in it
is_untrimmed_original = samples.c.deleted_at == samples.c.taken_at

# keypoints x, y, z without a picture, as a table has them; elsewhere `world` is beside x, y
IN_SPACE_ONLY = func.length(samples.c.keypoints) == 3 * func.length(samples.c.scores)

# since version 4: changes and how to undo them (see undo_log.py)
acts = _create_table(
    "acts",
    Column("project_id", Integer, nullable=False, index=True),
    Column("title", String, nullable=False),
    Column("at", String, nullable=False),
    Column("journal", String, nullable=False),
)

# since version 7: samples of other skeletons, which earlier versions stored but could not show;
# deleted with their project or its bin
set_aside = Table(
    "set_aside",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", Integer, nullable=False, index=True),
    Column("gesture", String, nullable=False),
    Column("keypoints", LargeBinary, nullable=False),
    Column("scores", LargeBinary, nullable=False),
    Column("source", String, nullable=False),
    Column("estimator", String, nullable=False),
    Column("taken_at", String, nullable=False),
)

# since version 11: when a gesture begins, ends or is held, then an effect (see store/rules.py)
rules = _create_table(
    "rules",
    Column("project_id", ForeignKey("projects.id"), nullable=False, index=True),
    Column("gesture", String, nullable=False),
    Column("moment", String, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("cooldown_s", Float, nullable=False),
    Column("effect", String, nullable=False),
    Column("value", String, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("confirmed", Boolean, nullable=False),  # false for those of an imported project
    Column("deleted_at", String),
)

for _table, _owner in ((projects, "owner"), (gestures, "project_id"), (persons, "project_id")):
    Index(
        f"one_{_table.name}_name",
        _table.c[_owner],
        _table.c.key,
        unique=True,
        sqlite_where=_table.c.deleted_at.is_(None),
        postgresql_where=_table.c.deleted_at.is_(None),
    )
Index("samples_by_gesture", samples.c.project_id, samples.c.gesture_id, samples.c.deleted_at)
# since version 3: a page of the newest samples reads only the rows that it shows
Index("samples_by_age", samples.c.project_id, samples.c.deleted_at, samples.c.id)
Index("samples_by_hash", samples.c.project_id, samples.c.file_hash)
Index("samples_by_burst", samples.c.burst_id)
# since version 6: person, session and gesture of every sample are read from this index alone
_RECORDING = samples.c.burst_id, samples.c.gesture_id, samples.c.handedness
Index("samples_by_take", samples.c.project_id, samples.c.deleted_at, *_RECORDING)


def filter_deleted(statement: Any, table: Table, deleted: bool = False) -> Any:
    """Restrict a query to rows outside the bin or, with `deleted`, to rows in the bin except the
    untrimmed originals of clips."""
    deleted_at = table.c.deleted_at
    if not deleted:
        return statement.where(deleted_at.is_(None))
    statement = statement.where(deleted_at.is_not(None))
    return statement.where(~is_untrimmed_original) if table is samples else statement


def is_owned_by(project_id: Any, owner: str) -> Any:
    """Return the SQL condition that a project id column refers to a project of this owner."""
    return project_id.in_(select(projects.c.id).where(projects.c.owner == owner))


def is_of_person(person_id: int) -> Any:
    """Return the SQL condition that a sample was recorded in a session of this person."""
    own_sessions = select(sessions.c.id).where(sessions.c.person_id == person_id)
    own_recordings = select(bursts.c.id).where(bursts.c.session_id.in_(own_sessions))
    return samples.c.burst_id.in_(own_recordings)


def has_keypoints(in_space: bool) -> Any:
    """Return the SQL condition that a sample has keypoints in space, or in the picture."""
    return samples.c.world.is_not(None) | IN_SPACE_ONLY if in_space else ~IN_SPACE_ONLY


def keypoints_column(in_space: bool) -> Any:
    """Return the SQL expression of a sample's keypoints in space (x, y, z), or in the picture."""
    return func.coalesce(samples.c.world, samples.c.keypoints) if in_space else samples.c.keypoints
