"""Upgrades of the database from earlier versions, step by step.

They are not Alembic's: Mudra upgrades a database whenever it opens one, so the few steps run in
that one transaction, without a folder of scripts or a configuration file to find.
"""

import re

from sqlalchemy import Connection, insert, inspect, select, text, update

from core.errors import StoreError
from core.gestures.labels import to_colour_emoji
from core.pose.skeletons.table import HAND_21
from core.store.database.schema import VERSION, gestures, meta, metadata
from core.words import words

_OTHER = f"WHERE length(s.scores) <> {4 * HAND_21.size}"
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
        f"s.estimator, s.taken_at FROM samples s JOIN gestures g ON g.id = s.gesture_id {_OTHER}",
        f"DELETE FROM crops WHERE sample_id IN (SELECT s.id FROM samples s {_OTHER})",
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
    10: (),  # see _prevent_id_reuse
    11: (
        "CREATE TABLE rules (id {id}, project_id INTEGER NOT NULL REFERENCES projects (id), "
        "gesture VARCHAR NOT NULL, moment VARCHAR NOT NULL, seconds FLOAT NOT NULL, "
        "cooldown_s FLOAT NOT NULL, effect VARCHAR NOT NULL, value VARCHAR NOT NULL, "
        "enabled BOOLEAN NOT NULL, confirmed BOOLEAN NOT NULL, deleted_at VARCHAR)",
        "CREATE INDEX ix_rules_project_id ON rules (project_id)",
    ),
}
_TABLES_WITH_IDS = ("projects", "gestures", "persons", "sessions", "bursts", "samples", "acts")


def upgrade_schema(connection: Connection) -> None:
    """Create the tables if missing; otherwise apply the upgrades since their version, all in the
    caller's transaction. Raise StoreError if a newer version of Mudra created them."""
    if not inspect(connection).has_table("meta"):
        metadata.create_all(connection)
        connection.execute(insert(meta).values(version=VERSION))
        return
    version = connection.execute(select(meta.c.version)).scalar_one()
    if version > VERSION:
        raise StoreError(
            words(
                "the store has version {version}, this Mudra knows {known}: use a newer Mudra",
                version=version,
                known=VERSION,
            )
        )
    blob, key = "BLOB", "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"
    if connection.dialect.name == "postgresql":
        blob, key = "BYTEA", "SERIAL PRIMARY KEY"
    for step in range(version + 1, VERSION + 1):
        for statement in _UPGRADES[step]:
            connection.execute(text(statement.replace("{blob}", blob).replace("{id}", key)))
        if step == 7:
            _normalise_stored_emoji(connection)
        if step == 10:
            _prevent_id_reuse(connection)
        connection.execute(update(meta).values(version=step))


def _normalise_stored_emoji(connection: Connection) -> None:
    """Convert stored text-style emoji (☝) to colour emoji (☝️)."""
    for gesture_id, emoji in connection.execute(select(gestures.c.id, gestures.c.emoji)).all():
        row = update(gestures).where(gestures.c.id == gesture_id)
        connection.execute(row.values(emoji=to_colour_emoji(emoji)))


def _prevent_id_reuse(connection: Connection) -> None:
    """Prevent the reuse of ids in all tables, by sequences or SQLite's AUTOINCREMENT."""
    for table in _TABLES_WITH_IDS:
        if connection.dialect.name == "postgresql":
            _add_id_sequence(connection, table)
        else:
            _rebuild_with_autoincrement(connection, table)


def _add_id_sequence(connection: Connection, table: str) -> None:
    """Add an id sequence to a PostgreSQL table, after its highest id, unless it has one."""
    if connection.scalar(text(f"SELECT pg_get_serial_sequence('{table}', 'id')")) is None:
        start = connection.scalar(text(f"SELECT coalesce(max(id), 0) + 1 FROM {table}"))
        identity = f"GENERATED BY DEFAULT AS IDENTITY (START WITH {start})"
        connection.execute(text(f"ALTER TABLE {table} ALTER COLUMN id ADD {identity}"))


def _rebuild_with_autoincrement(connection: Connection, table: str) -> None:
    """Rebuild a SQLite table, with rows and indexes, with AUTOINCREMENT ids unless it has them;
    foreign keys must be off."""
    query = text("SELECT sql FROM sqlite_master WHERE tbl_name = :table AND type = :type")
    [old] = connection.scalars(query, {"table": table, "type": "table"})
    if "AUTOINCREMENT" in old:
        return
    found = connection.scalars(query, {"table": table, "type": "index"})
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
