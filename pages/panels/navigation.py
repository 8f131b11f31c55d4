"""The pages: their names, icons and sections in the sidebar."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

SECTIONS = {
    "": {"Studio": "🤙"},
    "Teach": {"Record": "🎥", "Gestures": "✋", "Review": "🔎", "Train": "📈"},
    "Use": {"Live": "✨", "Files": "🖼", "Export": "📦"},
    "Look inside": {"Heatmaps": "🔥", "Body": "🧍", "Depth": "🧊", "Demo": "👋", "Privacy": "🔒"},
}
VIDEO_PAGES = ("Studio", "Record", "Live", "Heatmaps", "Body", "Depth")


def draw_navigation() -> StreamlitPage:
    """Draw the sidebar's links to all pages; return the page to run."""
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
