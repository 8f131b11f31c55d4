"""What serves the studio: Streamlit with app.py, the connection of visitors' cameras, and what
keeps strangers out."""

import streamlit as st

from core.recognition.browser_channel import PATH, route
from pages.panels.access import guards
from pages.panels.camera.address import below_base

app = st.App("app.py", routes=[route(below_base(PATH))], middleware=guards())
