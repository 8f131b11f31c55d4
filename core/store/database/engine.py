"""Connections to SQLite or PostgreSQL, and their errors as StoreError."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    SQLAlchemyError,
    TimeoutError,
)

from core.errors import StoreError, StoreFullError
from core.files import wrap_os_errors
from core.words import words

_SQLITE = "sqlite:///"
_URL = re.compile(r"[\w+.-]+://")
_BUSY_MS = 30_000
_MAX_OVERFLOW = 25  # connections beyond the pool; PostgreSQL allows 100 for all studios


def open_engine(place: Path | str) -> Engine:
    """Create an SQLAlchemy engine for a SQLite file (its folder is created) or a database URL.
    Raise StoreError, with any password hidden, if the folder or the URL is unusable."""
    if isinstance(place, str) and "://" in place and not place.startswith(_SQLITE):
        return _create_server_engine(place, os.getpid())
    path = Path(str(place).removeprefix(_SQLITE))
    with wrap_os_errors(StoreError, f"{path.parent} can't be created"):
        path.parent.mkdir(parents=True, exist_ok=True)
    url = URL.create("sqlite", database=str(path))  # the path may contain ? and %
    # one open connection for each owner who logs in
    engine = create_engine(url, pool_size=1, max_overflow=_MAX_OVERFLOW)
    event.listen(engine, "connect", _set_sqlite_pragmas)
    event.listen(engine, "begin", _begin_sqlite_transaction)
    return engine


@cache
def _create_server_engine(url: str, process_id: int) -> Engine:
    """Create the engine for a database URL; stores in the same process share its connections."""
    reason = "is not a database URL: write postgresql://name:password@host/database"
    try:
        if "@" in (make_url(url).host or ""):
            raise StoreError(
                "the database's URL has more than one @: write one in the password as %40"
            )
        # pre-ping survives a restart of the server; writers hold a connection while they wait
        engine = create_engine(url, pool_pre_ping=True, max_overflow=_MAX_OVERFLOW)
        if engine.dialect.name == "postgresql":
            event.listen(engine, "begin", _begin_postgresql_transaction)
        return engine
    except ModuleNotFoundError as error:
        reason = f"can't be used: no driver for it is installed, pip install {error.name}"
    except NoSuchModuleError:
        reason = "names an unknown kind of database"
    except (SQLAlchemyError, ValueError):  # their texts show parts of the URL
        pass
    raise StoreError(f"{hide_password(url)} {reason}") from None


def hide_password(text: str) -> str:
    """Remove the password and the query parameters from every URL in a text."""
    if _URL.match(text):
        return _hide_url_password(text)
    return re.sub(_URL.pattern + r"[^\s'\"]+", lambda found: _hide_url_password(found[0]), text)


def _hide_url_password(text: str) -> str:
    """Remove the password and query from a URL; return "SCHEME://***" if it can't be parsed."""
    if text.startswith(_SQLITE):
        return text
    with suppress(SQLAlchemyError, ValueError):
        url = make_url(text)
        if "@" not in (url.host or ""):  # else the host contains a part of the password
            return url.set(query={}).render_as_string(hide_password=True)
    return f"{text.partition('://')[0]}://***"


def _set_sqlite_pragmas(connection: Any, _: Any) -> None:
    """Configure a new SQLite connection: WAL, busy timeout, foreign keys, explicit transactions."""
    connection.isolation_level = None  # `_begin_sqlite_transaction` starts transactions
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",  # commits survive a killed process
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite_transaction(connection: Connection) -> None:
    """Begin a SQLite transaction; a write transaction takes the write lock at once."""
    options = connection.get_execution_options()
    if options.get("upgrades"):
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")  # has no effect in a transaction
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")


def _begin_postgresql_transaction(connection: Connection) -> None:
    """Begin a PostgreSQL transaction: writers wait for a lock, readers get a read-only snapshot."""
    if connection.get_execution_options().get("writes"):
        lock = "SELECT pg_advisory_xact_lock(hashtext('mudra ' || current_schema()))"
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_BUSY_MS}; {lock}")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def remove_sqlite_files(place: Path) -> None:
    """Delete a SQLite file with its -wal and -shm files; raise StoreError if that fails."""
    with wrap_os_errors(StoreError, f"{place} can't be deleted"):
        for end in ("", "-wal", "-shm"):
            Path(f"{place}{end}").unlink(missing_ok=True)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Convert SQLAlchemy errors of the block to StoreError, without SQL or passwords in the
    message; to StoreFullError if the disk is full."""
    try:
        yield
    except IntegrityError as error:
        # PostgreSQL's texts are in the server's language, its codes are not
        if getattr(error.orig, "sqlstate", "") == "23505" or "UNIQUE" in str(error.orig):
            raise StoreError(words("that name is taken already: choose another")) from error
        raise StoreError(words("what this belongs to is gone: reload and try again")) from error
    except TimeoutError as error:
        raise StoreError(
            words("the store has too many requests at once: try again in a moment")
        ) from error
    except DBAPIError as error:
        reason = hide_password(str(error.orig))
        code = getattr(error.orig, "sqlstate", None)
        if code == "53100" or "is full" in reason or "No space left" in reason:
            raise StoreFullError(words("the disk is full: free some space, then go on")) from error
        if "readonly" in reason:
            reason = words(
                "{reason}: its file or folder is read-only; make it writable, or set "
                "MUDRA_WORKSPACE to another folder",
                reason=reason,
            )
        raise StoreError(words("the store can't be used ({reason})", reason=reason)) from error
