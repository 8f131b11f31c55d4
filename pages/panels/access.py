"""The server's access rules, read from its settings: who may send what."""

import sys
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from streamlit.runtime import get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from core.admin.login import cookie_user, is_by_proxy, proxy_user
from core.admin.login_settings import check_login, has_owners, read_secrets
from core.admin.privacy import opens_here_alone
from core.admin.upload_limits import UploadLimitMiddleware, max_in_all_mb
from core.admin.web_access import AccessMiddleware, AccessPolicy
from core.errors import AccessError
from core.paths import Paths
from pages.panels.camera.address import below_base


def guards() -> list[Middleware]:
    """What every request passes first.

    Raises:
        SystemExit: the login is not whole, or a setting is wrong.
    """
    try:
        secrets = read_secrets(st.get_option("secrets.files"))
        check_login(secrets, has_owners=has_owners(Paths.find()))
        in_all_mb = max_in_all_mb()
    except AccessError as error:
        sys.exit(f"The studio was not started: {error}")
    base = below_base("")
    return [
        Middleware(AccessMiddleware, policy=access_policy(secrets)),
        Middleware(UploadLimitMiddleware, held=_held_uploads, base=base, in_all_mb=in_all_mb),
    ]


def _held_uploads() -> dict[str, int]:
    """The bytes of each session's uploaded files."""
    files = get_instance().uploaded_file_mgr
    assert isinstance(files, MemoryUploadedFileManager)
    return {
        session: sum(len(file.data) for file in list(of_session.values()))
        for session, of_session in list(files.file_storage.items())
    }


def access_policy(secrets: dict[str, Any]) -> AccessPolicy:
    """By the server's options, its secrets.toml and the environment."""
    auth = {} if is_by_proxy() else secrets.get("auth", {})
    public = urlsplit(auth.get("redirect_uri", ""))
    origins = {*st.get_option("server.corsAllowedOrigins")}
    origins |= {f"{public.scheme}://{public.netloc}"} if public.netloc else set()
    return AccessPolicy(
        has_login=is_by_proxy() or bool(auth),
        identify=_identify_by(auth),
        base=below_base(""),
        hosts=_own_hosts(public.hostname),
        origins=frozenset(origins),
    )


def _identify_by(auth: dict[str, Any]) -> Any:
    def identify(connection: HTTPConnection) -> str:
        if not is_by_proxy():
            return cookie_user(connection.cookies, str(auth.get("cookie_secret", "")))
        try:
            return proxy_user(connection.headers)
        except AccessError:
            return ""

    return identify


def _own_hosts(public: str | None) -> frozenset[str] | None:
    """Names that the studio is reached by; None: any, for it listens to the network and nobody
    listed them."""
    listed = st.get_option("server.allowedHosts")
    if not listed and not opens_here_alone(st.get_option("server.address")):
        return None
    names = (*listed, public, st.get_option("browser.serverAddress"))
    return frozenset(name.strip().lower().rstrip(".") for name in names if name)
