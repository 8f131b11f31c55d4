"""What serves the studio: Streamlit with app.py, and the connection of visitors' cameras."""

import streamlit as st

from core.recognition.browser_channel import route

app = st.App("app.py", routes=[route(st.get_option("server.baseUrlPath") or "")])
