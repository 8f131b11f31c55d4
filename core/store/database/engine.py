"""The way to the database, SQLite or PostgreSQL, and its errors as ours."""

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

_SQLITE = "sqlite:///"
_URL = re.compile(r"[\w+.-]+://")
_BUSY_MS = 30_000
_MORE = 25  # connections beside those that are kept; PostgreSQL takes 100 of all studios


def open_engine(place: Path | str) -> Engine:
    """A way to the database: a SQLite file, whose folder is made, or a database URL.

    Raises:
        StoreError: the folder can't be made, or the URL is none. No error holds its password.
    """
    if isinstance(place, str) and "://" in place and not place.startswith(_SQLITE):
        return _engine_of(place, os.getpid())
    path = Path(str(place).removeprefix(_SQLITE))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path.parent} can't be made: {error.strerror}") from error
    url = URL.create("sqlite", database=str(path))  # it may hold ? and %
    # of each owner who logs in one connection is kept open
    engine = create_engine(url, pool_size=1, max_overflow=_MORE)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@cache
def _engine_of(url: str, process: int) -> Engine:
    """One for all stores of a process: each would keep connections, of which a server has few."""
    reason = "is no database URL: write postgresql://name:password@host/database"
    try:
        if "@" in (make_url(url).host or ""):
            raise StoreError(
                "the database's URL has more than one @: write one in the password as %40"
            )
        # a server that was restarted is no error; writers hold a connection while they wait
        engine = create_engine(url, pool_pre_ping=True, max_overflow=_MORE)
        if engine.dialect.name == "postgresql":
            event.listen(engine, "begin", _begin_postgresql)
        return engine
    except ModuleNotFoundError as error:
        reason = f"can't be used: no driver for it is installed, pip install {error.name}"
    except NoSuchModuleError:
        reason = "names no kind of database that is known"
    except (SQLAlchemyError, ValueError):  # their texts hold parts of the URL
        pass
    raise StoreError(f"{without_password(url)} {reason}") from None


def without_password(text: str) -> str:
    """A URL, or a text with URLs in it, each without its password and its query."""
    if _URL.match(text):
        return _shown_url(text)
    return re.sub(_URL.pattern + r"[^\s'\"]+", lambda found: _shown_url(found[0]), text)


def _shown_url(text: str) -> str:
    if text.startswith(_SQLITE):
        return text
    with suppress(SQLAlchemyError, ValueError):
        url = make_url(text)
        if "@" not in (url.host or ""):  # else the host begins with the password's end
            return url.set(query={}).render_as_string(hide_password=True)
    return f"{text.partition('://')[0]}://***"


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
    options = connection.get_execution_options()
    if options.get("upgrades"):
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")  # has no effect in a transaction
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    """As with SQLite, writers take turns, and a reader sees one state throughout."""
    if connection.get_execution_options().get("writes"):
        turn = "SELECT pg_advisory_xact_lock(hashtext('mudra ' || current_schema()))"
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_BUSY_MS}; {turn}")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def remove_sqlite(place: Path) -> None:
    """Delete a database's file, and those that SQLite keeps beside it.

    Raises:
        StoreError: they can't be deleted.
    """
    try:
        for end in ("", "-wal", "-shm"):
            Path(f"{place}{end}").unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{place} can't be deleted: {error.strerror}") from error


def damage_of(connection: Connection) -> str:
    """What SQLite finds wrong with its file; "" when it is whole, and for other databases."""
    if connection.dialect.name != "sqlite":
        return ""
    found = connection.exec_driver_sql("PRAGMA quick_check").scalars().all()
    return "" if found == ["ok"] else "; ".join(map(str, found[:3]))


@contextmanager
def plain_errors() -> Iterator[None]:
    """The database's errors as ours, without SQL.

    Raises:
        StoreFullError: the disk is full.
        StoreError: anything else.
    """
    try:
        yield
    except IntegrityError as error:
        # PostgreSQL's words are in the server's language, its codes are not
        if getattr(error.orig, "sqlstate", "") == "23505" or "UNIQUE" in str(error.orig):
            raise StoreError("that name is taken already: choose another") from error
        raise StoreError("what this belongs to is gone: reload and try again") from error
    except TimeoutError as error:
        raise StoreError("the store is asked too much at once: try again in a moment") from error
    except DBAPIError as error:
        reason = without_password(str(error.orig))
        code = getattr(error.orig, "sqlstate", None)
        if code == "53100" or "is full" in reason or "No space left" in reason:
            raise StoreFullError("the disk is full: free some space, then go on") from error
        if "readonly" in reason:
            reason += ": its file or folder may only be read; give yourself the right to write, or "
            reason += "set MUDRA_WORKSPACE to another folder"
        raise StoreError(f"the store can't be used ({reason})") from error
