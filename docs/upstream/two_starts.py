"""A camera that `desired_playing_state` starts while the page is drawn again: does its video come?

    streamlit run two_starts.py  # then open it with ?redraws=5

Switch the camera on; the page is then drawn `redraws` times more, 50 ms apart.
"""

import time

import streamlit as st
from streamlit_webrtc import webrtc_streamer

redraws = int(st.query_params.get("redraws", 5))
on = st.toggle("Camera")
webrtc_streamer(
    "camera",
    desired_playing_state=on,
    media_stream_constraints={"video": True, "audio": False},
    rtc_configuration={"iceServers": []},
)
st.session_state.setdefault("drawn", 0)
if on and st.session_state["drawn"] < redraws:
    st.session_state["drawn"] += 1
    time.sleep(0.05)
    st.rerun()
