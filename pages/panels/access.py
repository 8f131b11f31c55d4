"""How the studio is reached and who may come in: addresses, the server's access rules, the
visitor's login. Where no login is configured every visitor is "" and shares all."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from streamlit.runtime import get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from core.admin.login import check_secret, cookie_user, is_by_proxy, openid_owner, proxy_user
from core.admin.login_settings import check_login, has_owners, read_secrets
from core.admin.privacy import opens_here_alone
from core.admin.upload_limits import UploadLimitMiddleware, max_in_all_mb
from core.admin.web_access import AccessMiddleware, AccessPolicy
from core.errors import AccessError
from core.gestures.labels import safe_label
from core.paths import Paths


def local_url() -> str:
    """By the server's own options, e.g. "http://localhost:8501"."""
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    return f"{scheme}://localhost:{st.get_option('server.port')}{server_path('')}"


def server_path(path: str) -> str:
    """Where this server gives something, e.g. "/mudra/camera"; "" is the studio's own place."""
    parts = (st.get_option("server.baseUrlPath") or "").strip("/"), path
    return "".join(f"/{part}" for part in parts if part)


def is_local_url(url: str | None) -> bool:
    """Whether a page's address is the machine's own; so it counts where nobody knows."""
    host = urlsplit(url or "").hostname or "localhost"
    return host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")


def access_middleware() -> list[Middleware]:
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
    base = server_path("")
    return [
        Middleware(AccessMiddleware, policy=read_access_policy(secrets)),
        Middleware(UploadLimitMiddleware, held=_uploaded_bytes, base=base, in_all_mb=in_all_mb),
    ]


def _uploaded_bytes() -> dict[str, int]:
    """The bytes of each session's uploaded files."""
    files = get_instance().uploaded_file_mgr
    assert isinstance(files, MemoryUploadedFileManager)
    return {
        session: sum(len(file.data) for file in list(of_session.values()))
        for session, of_session in list(files.file_storage.items())
    }


def read_access_policy(secrets: dict[str, Any]) -> AccessPolicy:
    """By the server's options, its secrets.toml and the environment."""
    auth = {} if is_by_proxy() else secrets.get("auth", {})
    public = urlsplit(auth.get("redirect_uri", ""))
    origins = {*st.get_option("server.corsAllowedOrigins")}
    origins |= {f"{public.scheme}://{public.netloc}"} if public.netloc else set()
    return AccessPolicy(
        has_login=is_by_proxy() or bool(auth),
        identify=_make_identify(auth),
        base=server_path(""),
        hosts=_allowed_hosts(public.hostname),
        origins=frozenset(origins),
    )


def _make_identify(auth: dict[str, Any]) -> Any:
    def identify(connection: HTTPConnection) -> str:
        if not is_by_proxy():
            return cookie_user(connection.cookies, str(auth.get("cookie_secret", "")))
        try:
            return proxy_user(connection.headers)
        except AccessError:
            return ""

    return identify


def _allowed_hosts(public: str | None) -> frozenset[str] | None:
    """Names that the studio is reached by; None: any, for it listens to the network and nobody
    listed them."""
    listed = st.get_option("server.allowedHosts")
    if not listed and not opens_here_alone(st.get_option("server.address")):
        return None
    names = (*listed, public, st.get_option("browser.serverAddress"))
    return frozenset(name.strip().lower().rstrip(".") for name in names if name)


def current_owner() -> str:
    """Whose projects the visitor sees.

    Raises:
        AccessError: people log in here, and this visitor did not, or nobody can.
    """
    if is_by_proxy():
        return proxy_user(st.context.headers)
    if not _has_openid_login():
        return ""
    if not st.user.is_logged_in:
        raise AccessError("nobody is logged in: log in, then reload the page")
    return openid_owner(st.user["iss"], st.user["sub"])


def require_login(at_end: Callable[[], None]) -> None:
    """End the page of whom nobody knows; say who it is to everybody else.

    Args:
        at_end: ends at once with the login what Streamlit would forget some time later.
    """

    def log_out() -> None:
        at_end()
        st.logout()

    try:
        if _must_log_in():
            _show_login()
        name = current_owner()
    except AccessError as error:
        st.error(safe_label(str(error)), icon="🔒")
        st.stop()
    if not name:
        return
    with st.sidebar, st.container(horizontal=True, vertical_alignment="center"):
        shown = name if is_by_proxy() else st.user.get("name") or st.user.get("email") or name
        st.caption(f"👤 {safe_label(str(shown))}")
        if not is_by_proxy():
            st.button("Log out", on_click=log_out, type="tertiary")


def is_at_this_machine() -> bool:
    """Whether the visitor is at the machine: nobody else reaches the studio, and nobody logs in,
    which is what people elsewhere do."""
    return (
        opens_here_alone(st.get_option("server.address"))
        and not Paths.find().of(current_owner()).owner
    )


def _must_log_in() -> bool:
    """Whether this visitor may log in by OpenID Connect, and did not yet."""
    return not is_by_proxy() and _has_openid_login() and not st.user.is_logged_in


def _show_login() -> NoReturn:
    st.title("Mudra", anchor=False)
    st.caption("Log in to see your gestures and models.")
    st.button("Log in", type="primary", on_click=st.login, icon="🔑")
    st.stop()


def _has_openid_login() -> bool:
    """Whether `[auth]` stands in .streamlit/secrets.toml.

    Raises:
        AccessError: nobody may come in, for the file can't be read, or its secret is short.
    """
    if not any(Path(file).exists() for file in st.get_option("secrets.files")):
        return False
    try:
        auth = st.secrets.get("auth")
    except (OSError, ValueError) as error:
        raise AccessError(
            "this studio's secrets.toml can't be read, so nobody can log in: its terminal says why"
        ) from error
    if auth is None:
        return False
    check_secret(str(auth.get("cookie_secret", "")), "cookie_secret in secrets.toml")
    return True
