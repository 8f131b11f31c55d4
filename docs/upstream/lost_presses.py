"""A page that takes a second, with a button: how many of several presses does it count?

    streamlit run lost_presses.py [--runner.fastReruns false]  # then open it, also with ?draws=1

Press the button twice a second, ten times, and compare. The page draws `draws` elements before its
button, all together within a second.
"""

import time

import streamlit as st

st.session_state.setdefault("counted", 0)
draws = int(st.query_params.get("draws", 10))
for _ in range(draws):
    st.empty()
    time.sleep(1 / draws)
if st.button("Press"):
    st.session_state["counted"] += 1
st.write(f"counted {st.session_state['counted']}")
