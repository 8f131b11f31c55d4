"""The studio's script, which serve.py serves: navigation, the camera of all pages, shown errors."""

import streamlit as st

from pages.panels import messages
from pages.panels.camera.in_browser import end_in_browser
from pages.panels.camera.stage import begin_stage
from pages.panels.frame import errors_shown, navigation, style
from pages.panels.visit import begin_visit
from pages.panels.visitor import let_in

messages.install()
st.set_page_config("Mudra", "✋", layout="wide")
style()
page = navigation()
let_in(end_in_browser)
begin_visit(page.title)
with begin_stage(page.title), errors_shown():
    page.run()
