"""The login at a proxy or by OpenID Connect: a request's owner, and the check of its settings.

A header is trusted only if MUDRA_LOGIN_HEADER names it, and only together with the secret that only
the proxy knows: a client that bypasses the proxy could set the header, too. With OpenID Connect it
is the signed cookie that Streamlit sets at the login.
"""

import difflib
import hmac
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from core.errors import AccessError, StoreError
from core.paths import Paths
from core.store import Store
from core.words import words

HEADER, SECRET = "MUDRA_LOGIN_HEADER", "MUDRA_LOGIN_SECRET"
SECRET_HEADER = "X-Mudra-Secret"
COOKIE = "_streamlit_user"
COOKIE_MAX_AGE_S = 31 * 24 * 3600  # Streamlit's 30 days, and one for clocks that differ
_MIN_SECRET_CHARACTERS = 16
WITHOUT_LOGIN = "MUDRA_WITHOUT_LOGIN"
_LOGIN_KEYS = ("redirect_uri", "cookie_secret")
_PROVIDER_KEYS = ("client_id", "client_secret", "server_metadata_url")


def is_by_proxy(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether people log in at a proxy."""
    return bool(environ.get(HEADER))


def read_proxy_user(headers: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> str:
    """Return the visitor's name from the proxy's header; raise AccessError if the name or the
    environment's secret is missing, or the request did not come from the proxy."""
    check_secret(environ.get(SECRET, ""), SECRET)
    if not is_from_proxy(headers, environ):
        raise AccessError(
            words("this request did not come through the login: open the studio's public address")
        )
    name = (headers.get(environ[HEADER]) or "").strip()
    if not name:
        raise AccessError(words("you are not logged in: log in, then reload the page"))
    return name


def is_from_proxy(headers: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether a request carries the secret of the proxy at which people log in."""
    secret, given = environ.get(SECRET, ""), headers.get(SECRET_HEADER) or ""
    is_equal = hmac.compare_digest(given.encode(), secret.encode())
    return is_by_proxy(environ) and bool(secret) and is_equal


def check_secret(secret: str, name: str) -> None:
    """Raise AccessError if a secret has fewer than 16 characters."""
    if len(secret) < _MIN_SECRET_CHARACTERS:
        raise AccessError(
            words(
                "people log in here, but {name} has {count} characters: no one can log in "
                "until it has {least} or more random ones",
                name=name,
                count=len(secret),
                least=_MIN_SECRET_CHARACTERS,
            )
        )


def name_openid_owner(issuer: object, subject: object) -> str:
    """Return the owner's name: an e-mail address may pass to another person."""
    return f"{issuer} {subject}"


def read_cookie_user(cookies: Mapping[str, str], secret: str) -> str:
    """Return the owner from Streamlit's signed login cookie; "" if missing, expired or forged."""
    with suppress(BadData, ValueError, KeyError, TypeError, AccessError):
        check_secret(secret, "cookie_secret")
        user = json.loads(_read_cookie(cookies, secret))
        if user["is_logged_in"] is True:
            return name_openid_owner(user["iss"], user["sub"])
    return ""


def _read_cookie(cookies: Mapping[str, str], secret: str) -> str:
    """Return the login cookie's content, joined if it was split; raise BadData or KeyError if it is
    missing, expired or not signed with the secret."""

    def read(name: str) -> str:
        serializer = URLSafeTimedSerializer(secret, salt=name)
        return str(serializer.loads(cookies[name], max_age=COOKIE_MAX_AGE_S))

    first = read(COOKIE)
    if parts := re.match(r"chunks-(\d{1,2})$", first):
        return "".join(read(f"{COOKIE}_{number + 1}") for number in range(int(parts[1])))
    return first


def read_secrets(files: Iterable[str]) -> dict[str, Any]:
    """Read and merge the existing secrets.toml files; later files override earlier ones. Raise
    AccessError if a file can't be read."""
    found: dict[str, Any] = {}
    for file in map(Path, files):
        try:
            found |= tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        except (OSError, ValueError) as error:
            raise AccessError(f"{file} can't be read, so no one can log in: {error}") from error
    return found


def check_login(
    secrets: Mapping[str, Any], environ: Mapping[str, str] = os.environ, *, has_owners: bool
) -> None:
    """Check the login's configuration before the studio starts, as a mistyped or removed login
    would make it public. Raise AccessError that says what is missing.

    Args:
        secrets: content of secrets.toml.
        has_owners: whether anyone logged in before.
    """
    if is_by_proxy(environ):
        check_secret(environ.get(SECRET, ""), SECRET)
        return
    if "auth" in secrets:
        _check_auth_section(secrets["auth"])
        return
    for name, value in secrets.items():
        keys = {name} | (set(value) if isinstance(value, Mapping) else set())
        is_like_auth = difflib.get_close_matches(name.lower(), ["auth", "oauth"], cutoff=0.7)
        if is_like_auth or keys & {*_LOGIN_KEYS, "server_metadata_url"}:
            raise AccessError(
                f"secrets.toml has “{name}” but no [auth], so no one would be asked to log in: "
                "rename the section to [auth], or remove it"
            )
    if environ.get(SECRET):
        raise AccessError(f"{SECRET} is set, but {HEADER} isn't: set both, or neither")
    if has_owners and not environ.get(WITHOUT_LOGIN):
        raise AccessError(
            "people logged in to this studio before, and now no login is configured: anyone who "
            f"reaches it could use it. Restore [auth] or {HEADER}, or set {WITHOUT_LOGIN}=1 to "
            "continue without"
        )


def _check_auth_section(auth: object) -> None:
    """Raise AccessError if [auth] lacks keys or its cookie secret is too short."""
    if not isinstance(auth, Mapping):
        raise AccessError("“auth” in secrets.toml is not a section: write [auth]")
    check_secret(str(auth.get("cookie_secret", "")), "cookie_secret in secrets.toml")
    sections = [one for one in auth.values() if isinstance(one, Mapping)]
    providers = [one for one in sections if set(one) & set(_PROVIDER_KEYS)] or [auth]
    missing = [name for name in _LOGIN_KEYS if not auth.get(name)]
    missing += [name for one in providers for name in _PROVIDER_KEYS if not one.get(name)]
    if missing:
        raise AccessError(
            f"[auth] in secrets.toml lacks {', '.join(missing)}: add it, or remove [auth]"
        )


def has_owners(paths: Paths) -> bool:
    """Return whether anyone has ever logged in to this studio; False if the store can't be read."""
    folders = (paths.shared or paths.workspace) / "owners"
    if folders.is_dir() and any(folders.iterdir()):
        return True
    if not paths.database_url and not paths.database.exists():
        return False
    try:
        with closing(Store(paths.store)) as store:
            return store.has_owners()
    except StoreError:  # every page shows what is wrong with it
        return False
