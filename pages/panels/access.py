"""The studio's address, the server's access rules, and the visitor's login: by a proxy or OpenID
Connect (`st.login`). Without a login every visitor is the owner "" and shares everything."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection

from core.admin import lan, login
from core.admin.entry import PARAMETER, EntryCodes, EntryMiddleware
from core.admin.privacy import is_local_only
from core.admin.web_access import (
    JOIN,
    AccessMiddleware,
    AccessPolicy,
    UploadLimitMiddleware,
    read_uploads_mb,
)
from core.classroom.invitations import Guest, Invitations
from core.classroom.middleware import GUEST_HEADER, GuestMiddleware
from core.errors import AccessError, StoreError
from core.gestures.labels import safe_label
from core.paths import Paths
from core.words import words
from pages.panels.language import t

entry_codes = EntryCodes()  # of the studio that this process serves
invitations = Invitations()  # into its projects


def local_url() -> str:
    """Return the studio's URL on this machine, e.g. "http://localhost:8501"."""
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    return f"{scheme}://localhost:{st.get_option('server.port')}{server_path('')}"


def server_path(path: str) -> str:
    """Return the URL path of a route below the configured base path; "" is the studio's root."""
    parts = (st.get_option("server.baseUrlPath") or "").strip("/"), path
    return "".join(f"/{part}" for part in parts if part)


def visitor_path(path: str) -> str:
    """Return the URL path of a route for this visitor's page; guests have routes of their own."""
    return server_path(f"{JOIN.strip('/')}/{path}" if current_guest() else path)


def current_guest() -> Guest | None:
    """Return the guest of a class whose page this is; None for other visitors. Raise AccessError if
    the guest is unknown by now."""
    key = st.context.headers.get(GUEST_HEADER)
    return invitations.guest(key) if key else None


def is_local_url(url: str | None) -> bool:
    """Return whether a page's URL names this machine; an unknown URL counts as local."""
    host = urlsplit(url or "").hostname or "localhost"
    return host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")


def list_lan_urls() -> list[str]:
    """Return the URLs at which other devices reach a studio that runs with --lan; the first is the
    likeliest to be in their network. Empty without --lan."""
    port, path = st.get_option("server.port"), server_path("")
    return [f"https://{address}:{port}{path}/" for address in lan.read_addresses()]


def list_phone_links() -> list[str]:
    """Return the links by which a phone enters a studio that runs with --lan, with a fresh code."""
    return [f"{url}?{PARAMETER}={entry_codes.current()}" for url in list_lan_urls()]


def public_url() -> str:
    """Return the URL by which this page was opened, if it is HTTPS and not this machine's;
    otherwise ""."""
    url = urlsplit(st.context.url or "")
    if url.scheme != "https" or is_local_url(st.context.url):
        return ""
    return f"https://{url.netloc}{server_path('')}/"


def access_middleware() -> list[Middleware]:
    """Return the middleware that checks login, origin and upload size of every request; exit if the
    login is incomplete or a setting is wrong."""
    try:
        secrets = login.read_secrets(st.get_option("secrets.files"))
        login.check_login(secrets, has_owners=login.has_owners(Paths.find()))
        total_mb = read_uploads_mb()
    except (AccessError, StoreError) as error:
        sys.exit(f"The studio was not started: {error}")
    base = server_path("")
    entry = (
        [Middleware(EntryMiddleware, codes=entry_codes, base=base)] if lan.read_addresses() else []
    )
    return [
        Middleware(AccessMiddleware, policy=read_access_policy(secrets)),
        Middleware(GuestMiddleware, invitations=invitations, base=base),
        *entry,
        Middleware(UploadLimitMiddleware, base=base, total_mb=total_mb),
    ]


def read_access_policy(secrets: dict[str, Any]) -> AccessPolicy:
    """Build the policy of login, hosts and origins from options, secrets.toml and environment."""
    auth = {} if login.is_by_proxy() else secrets.get("auth", {})
    public = urlsplit(auth.get("redirect_uri", ""))
    origins = {*st.get_option("server.corsAllowedOrigins")}
    origins |= {f"{public.scheme}://{public.netloc}"} if public.netloc else set()
    return AccessPolicy(
        has_login=login.is_by_proxy() or bool(auth),
        identify=partial(_identify, auth),
        is_from_proxy=lambda connection: login.is_from_proxy(connection.headers),
        base=server_path(""),
        hosts=_allowed_hosts(public.hostname),
        origins=frozenset(origins),
    )


def _identify(auth: dict[str, Any], connection: HTTPConnection) -> str:
    """Return the user name of a connection; "" if not logged in."""
    if not login.is_by_proxy():
        return login.read_cookie_user(connection.cookies, str(auth.get("cookie_secret", "")))
    try:
        return login.read_proxy_user(connection.headers)
    except AccessError:
        return ""


def _allowed_hosts(public_host: str | None) -> frozenset[str] | None:
    """Return the accepted host names of the Host header, in lower case; None (any host) if the
    server listens to the network and server.allowedHosts is empty."""
    listed = [*st.get_option("server.allowedHosts"), *lan.read_addresses()]
    if not listed and not is_local_only(st.get_option("server.address")):
        return None
    names = (*listed, public_host, st.get_option("browser.serverAddress"))
    return frozenset(name.strip().lower().rstrip(".") for name in names if name)


def current_owner() -> str:
    """Return the owner of the projects that this visitor sees; "" if the server has no login. Raise
    AccessError if the visitor has not logged in, is a guest, or the login can't be checked."""
    if current_guest() is not None:
        raise AccessError("this link lets you record into one project and nothing else")
    if login.is_by_proxy():
        return login.read_proxy_user(st.context.headers)
    if not _has_openid_login():
        return ""
    if not st.user.is_logged_in:
        raise AccessError(words("you are not logged in: log in, then reload the page"))
    return login.name_openid_owner(st.user["iss"], st.user["sub"])


def require_login(on_log_out: Callable[[], None]) -> None:
    """Stop the page and show Log in if the visitor isn't logged in; for a logged-in visitor, show
    their name and Log out in the sidebar.

    Args:
        on_log_out: closes what Streamlit would release only later.
    """
    if current_guest() is not None:
        return

    def log_out() -> None:
        on_log_out()
        st.logout()

    try:
        if not login.is_by_proxy() and _has_openid_login() and not st.user.is_logged_in:
            _show_login()
        name = current_owner()
    except AccessError as error:
        st.error(safe_label(t(error.text)), icon="🔒")
        st.stop()
    if not name:
        return
    with st.sidebar, st.container(horizontal=True, vertical_alignment="center"):
        shown = name if login.is_by_proxy() else st.user.get("name") or st.user.get("email") or name
        st.caption(f"👤 {safe_label(str(shown))}")
        if not login.is_by_proxy():
            st.button(t("Log out"), on_click=log_out, type="tertiary")


def is_at_this_machine() -> bool:
    """Return whether the server listens only to localhost and has no login."""
    return (
        is_local_only(st.get_option("server.address"))
        and not Paths.find().of(current_owner()).owner
    )


def _show_login() -> NoReturn:
    """Show the Log in button and stop the page."""
    st.title("Mudra", anchor=False)
    st.caption(t("Log in to see your gestures and models."))
    st.button(t("Log in"), type="primary", on_click=st.login, icon="🔑")
    st.stop()


def _has_openid_login() -> bool:
    """Return whether .streamlit/secrets.toml has an `[auth]` section; raise AccessError if the file
    can't be read, or its cookie secret is too short."""
    if not any(Path(file).exists() for file in st.get_option("secrets.files")):
        return False
    try:
        auth = st.secrets.get("auth")
    except (OSError, ValueError) as error:
        raise AccessError(
            words(
                "this studio's secrets.toml can't be read, so nobody can log in: its terminal says "
                "why"
            )
        ) from error
    if auth is None:
        return False
    login.check_secret(str(auth.get("cookie_secret", "")), "cookie_secret in secrets.toml")
    return True
