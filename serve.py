"""What serves the studio: Streamlit with app.py, the connection of visitors' cameras, and what
keeps strangers out."""

import streamlit as st
from starlette.middleware import Middleware

from core.recognition.browser_channel import PATH, route
from core.upkeep.web_access import AccessMiddleware
from pages.panels.access import access_policy
from pages.panels.camera.address import below_base

app = st.App(
    "app.py",
    routes=[route(below_base(PATH))],
    middleware=[Middleware(AccessMiddleware, policy=access_policy())],
)
