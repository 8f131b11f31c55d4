"""Where the studio is reached in a browser of the machine that runs it."""

from urllib.parse import urlsplit

import streamlit as st


def local_address() -> str:
    """By the server's own options, e.g. "http://localhost:8501"."""
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    return f"{scheme}://localhost:{st.get_option('server.port')}{below_base('')}"


def below_base(path: str) -> str:
    """Where this server gives something, e.g. "/mudra/camera"; "" is the studio's own place."""
    parts = (st.get_option("server.baseUrlPath") or "").strip("/"), path
    return "".join(f"/{part}" for part in parts if part)


def is_local(url: str | None) -> bool:
    """Whether a page's address is the machine's own; so it counts where nobody knows."""
    host = urlsplit(url or "").hostname or "localhost"
    return host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")
