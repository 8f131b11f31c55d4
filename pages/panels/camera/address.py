"""Where the studio is reached in a browser of the machine that runs it."""

import streamlit as st


def local_address() -> str:
    """By the server's own options, e.g. "http://localhost:8501"."""
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    path = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{scheme}://localhost:{st.get_option('server.port')}" + (f"/{path}" if path else "")
