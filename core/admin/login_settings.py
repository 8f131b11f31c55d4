"""Whether the login that a studio is started with is whole.

A login that is mistyped or was removed would leave the studio open to whoever reaches it.
"""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from core.admin.login import HEADER, SECRET, check_secret, is_by_proxy
from core.errors import AccessError, StoreError
from core.paths import Paths
from core.store import Store

WITHOUT_LOGIN = "MUDRA_WITHOUT_LOGIN"
_OF_LOGIN = ("redirect_uri", "cookie_secret")
_OF_PROVIDER = ("client_id", "client_secret", "server_metadata_url")


def read_secrets(files: Iterable[str]) -> dict[str, Any]:
    """All that stands in the files that exist; a later one overrides.

    Raises:
        AccessError: one can't be read.
    """
    found: dict[str, Any] = {}
    for file in map(Path, files):
        try:
            found |= tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        except (OSError, ValueError) as error:
            raise AccessError(f"{file} can't be read, so nobody can log in: {error}") from error
    return found


def check_login(
    secrets: Mapping[str, Any], environ: Mapping[str, str] = os.environ, *, has_owners: bool
) -> None:
    """A studio whose login is not whole must not start: it would be open to everybody.

    Args:
        secrets: what stands in secrets.toml.
        has_owners: whether somebody logged in before.

    Raises:
        AccessError: what is missing, and what to do.
    """
    if is_by_proxy(environ):
        check_secret(environ.get(SECRET, ""), SECRET)
        return
    if "auth" in secrets:
        _check_auth(secrets["auth"])
        return
    for name, value in secrets.items():
        keys = {name} | (set(value) if isinstance(value, Mapping) else set())
        is_like_auth = difflib.get_close_matches(name.lower(), ["auth", "oauth"], cutoff=0.7)
        if is_like_auth or keys & {*_OF_LOGIN, "server_metadata_url"}:
            raise AccessError(
                f"secrets.toml has “{name}” but no [auth], so nobody would be asked to log in: "
                "call the section [auth], or take it out"
            )
    if environ.get(SECRET):
        raise AccessError(f"{SECRET} is set, but {HEADER} isn't: set both, or neither")
    if has_owners and not environ.get(WITHOUT_LOGIN):
        raise AccessError(
            "people logged in to this studio before, and now no login is configured: whoever "
            f"reaches it would come in. Put [auth] or {HEADER} back, or set {WITHOUT_LOGIN}=1 to "
            "go on without"
        )


def _check_auth(auth: object) -> None:
    if not isinstance(auth, Mapping):
        raise AccessError("“auth” in secrets.toml is no section: write [auth]")
    check_secret(str(auth.get("cookie_secret", "")), "cookie_secret in secrets.toml")
    sections = [one for one in auth.values() if isinstance(one, Mapping)]
    providers = [one for one in sections if set(one) & set(_OF_PROVIDER)] or [auth]
    missing = [name for name in _OF_LOGIN if not auth.get(name)]
    missing += [name for one in providers for name in _OF_PROVIDER if not one.get(name)]
    if missing:
        raise AccessError(
            f"[auth] in secrets.toml lacks {', '.join(missing)}: add it, or take [auth] out"
        )


def has_owners(paths: Paths) -> bool:
    """Whether somebody logged in to this studio before."""
    folders = (paths.shared or paths.workspace) / "owners"
    if folders.is_dir() and any(folders.iterdir()):
        return True
    if not paths.database_url and not paths.database.exists():
        return False
    try:
        with closing(Store(paths.store)) as store:
            return store.has_owners()
    except StoreError:  # every page says what is wrong with it
        return False
