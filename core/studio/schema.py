"""The store's tables and their versions.

Convention: names are unique ignoring case among what is not in the bin (`key` is the folded name);
`deleted_at` set means: in the bin. Arrays are little-endian float32 blobs. Times are ISO 8601, UTC.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
    update,
)

from core.errors import StoreError

VERSION = 2
_BUSY_MS = 30_000

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
)

persons = Table(
    "persons",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("deleted_at", String),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("person_id", ForeignKey("persons.id"), nullable=False),
    Column("source", String, nullable=False),
    Column("started_at", String, nullable=False),
)

bursts = Table(
    "bursts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session_id", ForeignKey("sessions.id"), nullable=False),
    Column("gesture_id", ForeignKey("gestures.id"), nullable=False),
    Column("started_at", String, nullable=False),
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
    Column("hand_index", Integer, nullable=False),
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
)

# In a table of their own, so that reading keypoints does not wade through pictures.
crops = Table(
    "crops",
    metadata,
    Column("sample_id", ForeignKey("samples.id"), primary_key=True),
    Column("jpeg", LargeBinary, nullable=False),
)

for _table, _owner in ((projects, None), (gestures, "project_id"), (persons, "project_id")):
    _columns = [_table.c.key] if _owner is None else [_table.c[_owner], _table.c.key]
    Index(
        f"one_{_table.name}_name",
        *_columns,
        unique=True,
        sqlite_where=_table.c.deleted_at.is_(None),
        postgresql_where=_table.c.deleted_at.is_(None),
    )
Index("samples_by_gesture", samples.c.project_id, samples.c.gesture_id, samples.c.deleted_at)
Index("samples_by_hash", samples.c.project_id, samples.c.file_hash)
Index("samples_by_burst", samples.c.burst_id)

_UPGRADES = {2: ("ALTER TABLE projects ADD COLUMN active_model VARCHAR",)}


def open_engine(place: Path | str) -> Engine:
    """A way to the database: a SQLite file, whose folder is made, or a database URL.

    Raises:
        StoreError: the folder can't be made.
    """
    if isinstance(place, str) and "://" in place and not place.startswith("sqlite"):
        return create_engine(place)
    path = Path(place)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent} can't be made: {error.strerror}") from error
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin as `_begin_sqlite` says
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",  # a killed process loses nothing that was committed
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


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
    for step in range(version + 1, VERSION + 1):
        for statement in _UPGRADES[step]:
            connection.execute(text(statement))
        connection.execute(update(meta).values(version=step))
