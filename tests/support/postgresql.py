"""A PostgreSQL server of the tests' own: a cluster in a temporary folder, reached by a socket
there. It forgets on a crash and asks nobody for a password."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


def find_programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`; Debian keeps them out of the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").is_file()), None)


@contextmanager
def running(programs: Path) -> Iterator[str]:
    """The URL of a server's database; the server ends with the block."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:  # a socket's path is short
        folder, user = Path(name), _user()
        if user is not None:
            shutil.chown(folder, user)
        _call(user, programs / "initdb", "-D", folder / "data", "--no-sync", "-A", "trust", *_MAKE)
        options = [f"-k {folder}", "-c listen_addresses=", *(f"-c {option}" for option in _FAST)]
        control = [programs / "pg_ctl", "-D", folder / "data", "-w"]
        _call(user, *control, "-l", folder / "log", "-o", " ".join(options), "start")
        try:
            yield f"postgresql://mudra@/postgres?host={quote(name, safe='')}"
        finally:
            _call(user, *control, "-m", "immediate", "stop")


_MAKE = ("-U", "mudra", "-E", "UTF8", "--locale", "C.UTF-8")


def _user() -> str | None:
    """Whom the server runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    there = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in there else "nobody"


def _call(user: str | None, *command: object) -> None:
    subprocess.run(
        [str(part) for part in command],
        user=user,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
