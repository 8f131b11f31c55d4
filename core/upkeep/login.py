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
    if len(secret) < _LEAST:
        raise AccessError(
            f"{HEADER} is set, but {SECRET} has {len(secret)} characters: give both the studio and "
            f"the proxy a secret of at least {_LEAST}"
        )
    came = headers.get(SECRET_HEADER) or ""
    if not hmac.compare_digest(came.encode(), secret.encode()):
        raise AccessError("this did not come through the login: open the studio's public address")
    name = (headers.get(environ[HEADER]) or "").strip()
    if not name:
        raise AccessError("nobody is logged in: log in, then reload the page")
    return name
