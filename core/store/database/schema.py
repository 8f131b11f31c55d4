"""The store's tables and their versions.

Convention: names are unique ignoring case among what is not in the bin (`key` is the folded name);
`deleted_at` set means: in the bin. Arrays are little-endian float32 blobs. Times are ISO 8601, UTC.
Ids are never used again (`sqlite_autoincrement`, PostgreSQL's sequences): a training's files name
samples that may be gone.

Upgrades are not Alembic's: a database is opened by whoever starts Mudra, so that the few steps must
run inside that one transaction, without a folder of scripts or a configuration file to find.
"""

import re
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    insert,
    inspect,
    select,
    text,
    update,
)

from core.errors import StoreError
from core.gestures.labels import in_colour
from core.pose.skeletons.table import HAND_21

VERSION = 10

metadata = MetaData()

meta = Table("meta", metadata, Column("version", Integer, nullable=False))

projects = Table(
    "projects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("keypoints_only", Boolean, nullable=False),
    Column("created_at", String, nullable=False),
    Column("deleted_at", String),
    Column("active_model", String),  # since version 2
    Column("skeleton", String, nullable=False),  # since version 7: whose keypoints its samples have
    Column("in_space", Boolean, nullable=False),  # since version 8: learned from x, y and z
    Column("owner", String, nullable=False),  # since version 9: who logged in; "" without login
    sqlite_autoincrement=True,
)

gestures = Table(
    "gestures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("emoji", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("deleted_at", String),
    Column("kind", String, nullable=False),  # since version 7: "still" or "moving"
    sqlite_autoincrement=True,
)

persons = Table(
    "persons",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("deleted_at", String),
    sqlite_autoincrement=True,
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("person_id", ForeignKey("persons.id"), nullable=False),
    Column("source", String, nullable=False),
    Column("started_at", String, nullable=False),
    Column("name", String),  # since version 5: "in the car"; most have none
    sqlite_autoincrement=True,
)

bursts = Table(
    "bursts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session_id", ForeignKey("sessions.id"), nullable=False),
    Column("gesture_id", ForeignKey("gestures.id"), nullable=False),
    Column("started_at", String, nullable=False),
    sqlite_autoincrement=True,
)

samples = Table(
    "samples",
    metadata,
    Column("id", Integer, primary_key=True),
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
    # since version 7: a sample is a clip of `frames` frames; `time_s` is its first frame's time in
    # its source, `times` all of them (float64) where there are several
    Column("frames", Integer, nullable=False),
    Column("time_s", Float),
    Column("times", LargeBinary),
    Column("visibility", LargeBinary),
    sqlite_autoincrement=True,
)

# In a table of their own, so that reading keypoints does not wade through pictures.
crops = Table(
    "crops",
    metadata,
    Column("sample_id", ForeignKey("samples.id"), primary_key=True),
    Column("frame", Integer, primary_key=True, autoincrement=False),  # since version 7
    Column("jpeg", LargeBinary, nullable=False),
)
# the crop that stands for a whole clip: its middle frame's
shown_crop = (crops.c.sample_id == samples.c.id) & (crops.c.frame == samples.c.frames // 2)

# what a clip was cut from as it was recorded: it goes with the bin, but nobody has deleted it
uncut = samples.c.deleted_at == samples.c.taken_at

# since version 4: what was done and how to undo it (see history.py); outlives what it speaks of
acts = Table(
    "acts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", Integer, nullable=False, index=True),
    Column("title", String, nullable=False),
    Column("at", String, nullable=False),
    Column("journal", String, nullable=False),
    sqlite_autoincrement=True,
)

# since version 7: samples of another skeleton than the hand, which earlier versions let in and no
# page could show; they go with their project, and with its bin
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
# since version 3: a page of the newest samples reads no more rows than it shows
Index("samples_by_age", samples.c.project_id, samples.c.deleted_at, samples.c.id)
Index("samples_by_hash", samples.c.project_id, samples.c.file_hash)
Index("samples_by_burst", samples.c.burst_id)
# since version 6: who, when and what of every sample, read from the index alone
_TAKE = samples.c.burst_id, samples.c.gesture_id, samples.c.handedness
Index("samples_by_take", samples.c.project_id, samples.c.deleted_at, *_TAKE)

_ODD = f"WHERE length(s.scores) <> {4 * HAND_21.size}"
_UPGRADES = {
    2: ("ALTER TABLE projects ADD COLUMN active_model VARCHAR",),
    3: ("CREATE INDEX IF NOT EXISTS samples_by_age ON samples (project_id, deleted_at, id)",),
    4: (
        "CREATE TABLE acts (id INTEGER NOT NULL PRIMARY KEY, "
        "project_id INTEGER NOT NULL, title VARCHAR NOT NULL, "
        "at VARCHAR NOT NULL, journal VARCHAR NOT NULL)",
        "CREATE INDEX ix_acts_project_id ON acts (project_id)",
    ),
    5: ("ALTER TABLE sessions ADD COLUMN name VARCHAR",),
    6: (
        "CREATE INDEX IF NOT EXISTS samples_by_take ON samples "
        "(project_id, deleted_at, burst_id, gesture_id, handedness)",
    ),
    7: (
        f"ALTER TABLE projects ADD COLUMN skeleton VARCHAR NOT NULL DEFAULT '{HAND_21.name}'",
        "ALTER TABLE gestures ADD COLUMN kind VARCHAR NOT NULL DEFAULT 'still'",
        "ALTER TABLE samples RENAME COLUMN hand_index TO instance",
        "ALTER TABLE samples ADD COLUMN frames INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE samples ADD COLUMN time_s FLOAT",
        "ALTER TABLE samples ADD COLUMN times {blob}",
        "ALTER TABLE samples ADD COLUMN visibility {blob}",
        "CREATE TABLE crops_by_frame (sample_id INTEGER NOT NULL REFERENCES samples (id), "
        "frame INTEGER NOT NULL, jpeg {blob} NOT NULL, PRIMARY KEY (sample_id, frame))",
        "INSERT INTO crops_by_frame SELECT sample_id, 0, jpeg FROM crops",
        "DROP TABLE crops",
        "ALTER TABLE crops_by_frame RENAME TO crops",
        "CREATE TABLE set_aside (id INTEGER NOT NULL PRIMARY KEY, project_id INTEGER NOT NULL, "
        "gesture VARCHAR NOT NULL, keypoints {blob} NOT NULL, scores {blob} NOT NULL, "
        "source VARCHAR NOT NULL, estimator VARCHAR NOT NULL, taken_at VARCHAR NOT NULL)",
        "CREATE INDEX ix_set_aside_project_id ON set_aside (project_id)",
        "INSERT INTO set_aside SELECT s.id, s.project_id, g.name, s.keypoints, s.scores, s.source, "
        f"s.estimator, s.taken_at FROM samples s JOIN gestures g ON g.id = s.gesture_id {_ODD}",
        f"DELETE FROM crops WHERE sample_id IN (SELECT s.id FROM samples s {_ODD})",
        "DELETE FROM samples WHERE id IN (SELECT id FROM set_aside)",
    ),
    8: (
        "ALTER TABLE projects ADD COLUMN in_space BOOLEAN NOT NULL DEFAULT FALSE",
        "UPDATE projects SET in_space = TRUE WHERE id IN (SELECT project_id FROM samples "
        "WHERE length(keypoints) = 3 * length(scores))",
    ),
    9: (
        "ALTER TABLE projects ADD COLUMN owner VARCHAR NOT NULL DEFAULT ''",
        "DROP INDEX one_projects_name",
        "CREATE UNIQUE INDEX one_projects_name ON projects (owner, key) WHERE deleted_at IS NULL",
    ),
    10: (),  # see _keep_ids_unique
}
_WITH_IDS = ("projects", "gestures", "persons", "sessions", "bursts", "samples", "acts")


def bring_up_to_date(connection: Connection) -> None:
    """Create the tables, or upgrade them step by step; inside the caller's transaction.

    Raises:
        StoreError: a newer Mudra wrote them.
    """
    if not inspect(connection).has_table("meta"):
        metadata.create_all(connection)
        connection.execute(insert(meta).values(version=VERSION))
        return
    version = connection.execute(select(meta.c.version)).scalar_one()
    if version > VERSION:
        raise StoreError(
            f"the store has version {version}, this Mudra knows {VERSION}: use a newer Mudra"
        )
    blob = "BYTEA" if connection.dialect.name == "postgresql" else "BLOB"
    for step in range(version + 1, VERSION + 1):
        for statement in _UPGRADES[step]:
            connection.execute(text(statement.replace("{blob}", blob)))
        if step == 7:
            _colour_emoji(connection)
        if step == 10:
            _keep_ids_unique(connection)
        connection.execute(update(meta).values(version=step))


def _colour_emoji(connection: Connection) -> None:
    """Signs that were stored as text (☝) as the pictures that they are meant to be (☝️)."""
    found = connection.execute(select(gestures.c.id, gestures.c.emoji)).all()
    for gesture_id, emoji in found:
        if in_colour(emoji) != emoji:
            of_it = update(gestures).where(gestures.c.id == gesture_id)
            connection.execute(of_it.values(emoji=in_colour(emoji)))


def _keep_ids_unique(connection: Connection) -> None:
    """Have the database never use an id again; on SQLite the tables are copied, all rows kept."""
    for table in _WITH_IDS:
        if connection.dialect.name == "postgresql":
            _add_sequence(connection, table)
        else:
            _rebuild_with_autoincrement(connection, table)


def _add_sequence(connection: Connection, table: str) -> None:
    """Give a table's id a sequence, where an upgrade made the table without one."""
    if connection.scalar(text(f"SELECT pg_get_serial_sequence('{table}', 'id')")) is None:
        start = connection.scalar(text(f"SELECT coalesce(max(id), 0) + 1 FROM {table}"))
        identity = f"GENERATED BY DEFAULT AS IDENTITY (START WITH {start})"
        connection.execute(text(f"ALTER TABLE {table} ALTER COLUMN id ADD {identity}"))


def _rebuild_with_autoincrement(connection: Connection, table: str) -> None:
    """Copy a SQLite table into one whose ids are never used again; foreign keys must be off."""
    about = text("SELECT sql FROM sqlite_master WHERE tbl_name = :table AND type = :type")
    [old] = connection.scalars(about, {"table": table, "type": "table"})
    if "AUTOINCREMENT" in old:
        return
    found = connection.scalars(about, {"table": table, "type": "index"})
    indexes = [index for index in found if index]
    columns = re.sub(r",\s*PRIMARY KEY \(id\)", "", old[old.index("(") :])
    key = "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"
    columns = re.sub(r"id INTEGER NOT NULL( PRIMARY KEY)?", key, columns, count=1)
    for statement in (
        f"CREATE TABLE copied {columns}",
        f"INSERT INTO copied SELECT * FROM {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE copied RENAME TO {table}",
        *indexes,
    ):
        connection.exec_driver_sql(statement)


def in_bin(statement: Any, table: Table, deleted: bool = False) -> Any:
    """The statement for what is outside the bin, or for what was deleted."""
    at = table.c.deleted_at
    found = statement.where(at.is_not(None) if deleted else at.is_(None))
    return found.where(~uncut) if deleted and table is samples else found


def owned(project_id: Any, owner: str) -> Any:
    """That a project, named by a column, is the owner's."""
    return project_id.in_(select(projects.c.id).where(projects.c.owner == owner))


def recorded_by(person_id: int) -> Any:
    """That a sample is of one of the person's bursts."""
    own_sessions = select(sessions.c.id).where(sessions.c.person_id == person_id)
    own_recordings = select(bursts.c.id).where(bursts.c.session_id.in_(own_sessions))
    return samples.c.burst_id.in_(own_recordings)
