"""Who asks for a page, where a proxy in front of the studio has people log in.

A header is believed only where MUDRA_LOGIN_HEADER names it, and only beside the secret that the
proxy alone knows: whoever reaches the studio's port past the proxy could write the first, too.
"""

import hmac
import os
from collections.abc import Mapping

from core.errors import AccessError

HEADER, SECRET = "MUDRA_LOGIN_HEADER", "MUDRA_LOGIN_SECRET"
SECRET_HEADER = "X-Mudra-Secret"
_LEAST = 16  # characters of the secret


def is_by_proxy(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a proxy says who it is."""
    return bool(environ.get(HEADER))


def proxy_user(headers: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> str:
    """The name that the proxy gives.

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
