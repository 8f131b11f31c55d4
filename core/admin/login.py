"""Who sends a request, where people log in: at a proxy, or by OpenID Connect.

A header is believed only where MUDRA_LOGIN_HEADER names it, and only beside the secret that the
proxy alone knows: whoever reaches the studio's port past the proxy could write the first, too. With
OpenID Connect it is the signed cookie that Streamlit sets at the login.
"""

import hmac
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress

from itsdangerous import BadData, URLSafeTimedSerializer

from core.errors import AccessError

HEADER, SECRET = "MUDRA_LOGIN_HEADER", "MUDRA_LOGIN_SECRET"
SECRET_HEADER = "X-Mudra-Secret"
COOKIE = "_streamlit_user"
COOKIE_MAX_AGE_S = 31 * 24 * 3600  # Streamlit's 30 days, and one for clocks that differ
_LEAST = 16  # characters of the secret


def is_by_proxy(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether people log in at a proxy."""
    return bool(environ.get(HEADER))


def proxy_user(headers: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> str:
    """Read the visitor's name from the proxy's header.

    Args:
        headers: of the request, found whatever the case of their names.

    Raises:
        AccessError: there is none, it does not come from the proxy, or no secret is set.
    """
    secret = environ.get(SECRET, "")
    check_secret(secret, SECRET)
    came = headers.get(SECRET_HEADER) or ""
    if not hmac.compare_digest(came.encode(), secret.encode()):
        raise AccessError("this did not come through the login: open the studio's public address")
    name = (headers.get(environ[HEADER]) or "").strip()
    if not name:
        raise AccessError("nobody is logged in: log in, then reload the page")
    return name


def check_secret(secret: str, name: str) -> None:
    """Where people log in, their names are worth as much as what vouches for them.

    Raises:
        AccessError: it can be guessed.
    """
    if len(secret) < _LEAST:
        raise AccessError(
            f"people log in here, but {name} has {len(secret)} characters: nobody comes in until "
            f"it has {_LEAST} or more, by chance"
        )


def openid_owner(issuer: object, subject: object) -> str:
    """The owner's name: an e-mail address may become another's."""
    return f"{issuer} {subject}"


def cookie_user(cookies: Mapping[str, str], secret: str) -> str:
    """The owner that Streamlit's login cookie names; "" without one, or with one that is old or
    not signed with the secret."""
    with suppress(BadData, ValueError, KeyError, TypeError, AccessError):
        check_secret(secret, "cookie_secret")
        user = json.loads(_read_cookie(cookies, secret))
        if user["is_logged_in"] is True:
            return openid_owner(user["iss"], user["sub"])
    return ""


def _read_cookie(cookies: Mapping[str, str], secret: str) -> str:
    """A long one comes in parts, and the first tells how many."""

    def read(name: str) -> str:
        serializer = URLSafeTimedSerializer(secret, salt=name)
        return str(serializer.loads(cookies[name], max_age=COOKIE_MAX_AGE_S))

    first = read(COOKIE)
    if parts := re.match(r"chunks-(\d{1,2})$", first):
        return "".join(read(f"{COOKIE}_{number + 1}") for number in range(int(parts[1])))
    return first
