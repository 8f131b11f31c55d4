"""The pages: their names, icons and sections in the sidebar."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

STUDIO, RECORD, GESTURES, REVIEW, TRAIN = "Studio", "Record", "Gestures", "Review", "Train"
LIVE, FILES, EXPORT, HEATMAPS = "Live", "Files", "Export", "Heatmaps"
BODY, DEPTH = "Body", "Depth"
DEMO, PRIVACY = "Demo", "Privacy"

ICONS = {
    STUDIO: "🤙",
    RECORD: "🎥",
    GESTURES: "✋",
    REVIEW: "🔎",
    TRAIN: "📈",
    LIVE: "✨",
    FILES: "🖼",
    EXPORT: "📦",
    HEATMAPS: "🔥",
    BODY: "🧍",
    DEPTH: "🧊",
    DEMO: "👋",
    PRIVACY: "🔒",
}
SECTIONS = {
    "": (STUDIO,),
    "Teach": (RECORD, GESTURES, REVIEW, TRAIN),
    "Use": (LIVE, FILES, EXPORT),
    "Look inside": (HEATMAPS, BODY, DEPTH, DEMO, PRIVACY),
}
VIDEO_PAGES = (STUDIO, RECORD, LIVE, HEATMAPS, BODY, DEPTH)


def draw_navigation() -> StreamlitPage:
    """Draw the sidebar's links to all pages; return the page to run."""
    return st.navigation(
        {
            section: [
                st.Page(
                    f"pages/{name.lower()}.py", title=name, icon=ICONS[name], default=name == STUDIO
                )
                for name in names
            ]
            for section, names in SECTIONS.items()
        },
        expanded=True,
    )
