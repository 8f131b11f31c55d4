"""What serves the studio: Streamlit with app.py, and the connection of visitors' cameras."""

import streamlit as st

from core.recognition.browser_channel import PATH, route
from pages.panels.camera.address import below_base

app = st.App("app.py", routes=[route(below_base(PATH))])
