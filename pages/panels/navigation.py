"""The pages: their names, icons and sections in the sidebar."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.words import mark
from pages.panels.access import current_guest
from pages.panels.language import t

SECTIONS = {
    "": {mark("Studio"): "🤙"},
    mark("Teach"): {
        mark("Record"): "🎥",
        mark("Gestures"): "✋",
        mark("Review"): "🔎",
        mark("Train"): "📈",
    },
    mark("Use"): {mark("Live"): "✨", mark("Files"): "🖼", mark("Export"): "📦"},
    mark("Look inside"): {
        mark("Heatmaps"): "🔥",
        mark("Body"): "🧍",
        mark("Depth"): "🧊",
        mark("Demo"): "👋",
        mark("Privacy"): "🔒",
    },
}
CLASS = mark("Class")  # the guests' page, not in the menu
VIDEO_PAGES = ("Studio", "Record", "Live", "Heatmaps", "Body", "Depth", CLASS)


def draw_navigation() -> tuple[str, StreamlitPage]:
    """Draw the sidebar's links to all pages; return the name and the page to run. Guests have one
    page."""
    if current_guest() is not None:
        page = st.Page("pages/join.py", title=t(CLASS), icon="✋")
        return CLASS, st.navigation([page], position="hidden")
    pages = {
        name: st.Page(
            f"pages/{name.lower()}.py", title=t(name), icon=icon, default=name == "Studio"
        )
        for section in SECTIONS.values()
        for name, icon in section.items()
    }
    opened = st.navigation(
        {t(section): [pages[name] for name in names] for section, names in SECTIONS.items()},
        expanded=True,
    )
    return next(name for name, page in pages.items() if page.url_path == opened.url_path), opened
