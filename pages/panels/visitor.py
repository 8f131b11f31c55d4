"""Who looks at the page, where people log in: at a proxy, or by OpenID Connect (`st.login`). Where
neither is configured everybody is "" and shares all."""

import streamlit as st

from core.errors import AccessError
from core.gestures.labels import safe_label
from core.upkeep.login import is_by_proxy, proxy_user


def owner() -> str:
    """Whose projects the visitor sees.

    Raises:
        AccessError: people log in here, and this visitor did not.
    """
    if is_by_proxy():
        return proxy_user(st.context.headers)
    if not _has_login():
        return ""
    if not st.user.is_logged_in:
        raise AccessError("nobody is logged in: log in, then reload the page")
    return f"{st.user['iss']} {st.user['sub']}"  # an address may become another's


def let_in() -> None:
    """End the page of whom nobody knows; say who it is to everybody else."""
    try:
        name = owner()
    except AccessError as error:
        if is_by_proxy() or st.user.is_logged_in:
            st.error(safe_label(str(error)), icon="🔒")
        else:
            st.title("Mudra", anchor=False)
            st.button("Log in", type="primary", on_click=st.login, icon="🔑")
        st.stop()
    if not name:
        return
    with st.sidebar, st.container(horizontal=True, vertical_alignment="center"):
        shown = name if is_by_proxy() else st.user.get("name") or st.user.get("email") or name
        st.caption(f"👤 {safe_label(str(shown))}")
        if not is_by_proxy():
            st.button("Log out", on_click=st.logout, type="tertiary")


def _has_login() -> bool:
    """Whether `[auth]` stands in .streamlit/secrets.toml."""
    return "is_logged_in" in st.user.to_dict()
