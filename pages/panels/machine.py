"""What a visitor may do to the machine that runs the studio, and to others from it."""

import streamlit as st

from core.actions.osc import LOCAL, listed_hosts
from core.upkeep.privacy import opens_here_alone
from pages.panels.frame import studio


def sits_here() -> bool:
    """Whether the visitor is at the machine: nobody else reaches the studio, and nobody logs in,
    which is what people elsewhere do."""
    return opens_here_alone(st.get_option("server.address")) and not studio().paths.owner


def pick_osc_host(key: str) -> str:
    """Ask which machine OSC goes to: any, or for who logged in one that the operator listed.

    Returns:
        Its name or address; "" where none is listed.
    """
    if not studio().paths.owner:
        host = st.text_input(
            "To the machine", LOCAL, key=key, max_chars=253, persist_state="session"
        )
        return host.strip()
    hosts = listed_hosts()
    if not hosts:
        st.caption("Who runs this studio has listed no machine for OSC (MUDRA_OSC_HOSTS).")
        return ""
    host = st.selectbox("To the machine", hosts, key=f"{key}_listed", persist_state="session")
    return host if host in hosts else ""
