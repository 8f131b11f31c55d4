"""The studio: `streamlit run app.py`. Page config, navigation, and where errors are shown."""

import streamlit as st

from pages.panels.frame import begin_visit, errors_shown, navigation, style

st.set_page_config("Mudra", "✋", layout="wide")
style()
page = navigation()
begin_visit(page.title)
with errors_shown():
    page.run()
