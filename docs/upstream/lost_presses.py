"""A page that takes a second, with a button: how many of several presses does it count?

    streamlit run lost_presses.py [--runner.fastReruns false]

Press the button about twice a second, some ten times, and compare.
"""

import time

import streamlit as st

st.session_state.setdefault("counted", 0)
for _ in range(10):  # a page that draws as it goes
    st.empty()
    time.sleep(0.1)
if st.button("Press"):
    st.session_state["counted"] += 1
st.write(f"counted {st.session_state['counted']}")
