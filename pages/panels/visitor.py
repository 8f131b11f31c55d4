"""Who looks at the page, where people log in: at a proxy, or by OpenID Connect (`st.login`). Where
neither is configured everybody is "" and shares all."""

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import streamlit as st

from core.admin.login import check_secret, is_by_proxy, openid_owner, proxy_user
from core.admin.privacy import opens_here_alone
from core.errors import AccessError
from core.gestures.labels import safe_label
from core.paths import Paths


def owner() -> str:
    """Whose projects the visitor sees.

    Raises:
        AccessError: people log in here, and this visitor did not, or nobody can.
    """
    if is_by_proxy():
        return proxy_user(st.context.headers)
    if not _has_login():
        return ""
    if not st.user.is_logged_in:
        raise AccessError("nobody is logged in: log in, then reload the page")
    return openid_owner(st.user["iss"], st.user["sub"])


def let_in(at_end: Callable[[], None]) -> None:
    """End the page of whom nobody knows; say who it is to everybody else.

    Args:
        at_end: ends at once with the login what Streamlit would forget some time later.
    """

    def log_out() -> None:
        at_end()
        st.logout()

    try:
        if _lacks_login():
            _ask_in()
        name = owner()
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


def sits_here() -> bool:
    """Whether the visitor is at the machine: nobody else reaches the studio, and nobody logs in,
    which is what people elsewhere do."""
    return opens_here_alone(st.get_option("server.address")) and not Paths.find().of(owner()).owner


def _lacks_login() -> bool:
    """Whether this visitor may log in by OpenID Connect, and did not yet."""
    return not is_by_proxy() and _has_login() and not st.user.is_logged_in


def _ask_in() -> NoReturn:
    st.title("Mudra", anchor=False)
    st.caption("Log in to see your gestures and models.")
    st.button("Log in", type="primary", on_click=st.login, icon="🔑")
    st.stop()


def _has_login() -> bool:
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
