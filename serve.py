"""What serves the studio: Streamlit with app.py, the connection of visitors' cameras, and what
keeps strangers out. What a studio that was killed left behind is removed first."""

import streamlit as st

from core.files import sweep_temporary_folders
from core.recognition.browser_channel import PATH, route
from pages.panels.access import guards
from pages.panels.camera.address import below_base

sweep_temporary_folders()
app = st.App("app.py", routes=[route(below_base(PATH))], middleware=guards())
