"""The studio: `streamlit run app.py`. Page config, navigation, and where errors are shown."""

import streamlit as st

from pages._widgets import begin_visit, errors_shown, style

st.set_page_config("Mudra", "✋", layout="wide")
style()
page = st.navigation(
    [
        st.Page("pages/home.py", title="Home", icon="🏠", default=True),
        st.Page("pages/record.py", title="Record", icon="🎥"),
        st.Page("pages/train.py", title="Train", icon="📈"),
        st.Page("pages/live.py", title="Live", icon="✨"),
    ]
)
begin_visit(page.title)
with errors_shown():
    page.run()
