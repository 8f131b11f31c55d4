"""The pages: their names, icons and sections in the sidebar."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.panels.access import current_guest

SECTIONS = {
    "": {"Studio": "🤙"},
    "Teach": {"Record": "🎥", "Gestures": "✋", "Review": "🔎", "Train": "📈"},
    "Use": {"Live": "✨", "Files": "🖼", "Export": "📦"},
    "Look inside": {"Heatmaps": "🔥", "Body": "🧍", "Depth": "🧊", "Demo": "👋", "Privacy": "🔒"},
}
CLASS = "Class"  # the guests' page, not in the menu
VIDEO_PAGES = ("Studio", "Record", "Live", "Heatmaps", "Body", "Depth", CLASS)


def draw_navigation() -> StreamlitPage:
    """Draw the sidebar's links to all pages; return the page to run. Guests have one page."""
    if current_guest() is not None:
        return st.navigation([st.Page("pages/join.py", title=CLASS, icon="✋")], position="hidden")
    return st.navigation(
        {
            section: [
                st.Page(f"pages/{name.lower()}.py", title=name, icon=icon, default=name == "Studio")
                for name, icon in pages.items()
            ]
            for section, pages in SECTIONS.items()
        },
        expanded=True,
    )
