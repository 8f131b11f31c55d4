"""What hands mean, as shown beside a video: the emoji large, the name, a bar a gesture."""

import streamlit as st

from core.gestures.labels import safe_label
from core.recognition.live import Latest
from core.recognition.reading import Reading

NO_HAND, UNSURE, UNKNOWN = "👀", "🤔", "🚫"
UNLIKE = "Unlike every gesture that the model learned."


def show_hands(latest: Latest) -> None:
    """Every hand of the last frame, side by side."""
    if not latest.hands:
        show_gesture(NO_HAND, "No hand")
    columns = st.columns(max(1, len(latest.hands)))
    for i, (column, hand) in enumerate(zip(columns, latest.hands, strict=False)):
        with column:
            _show_hand(hand, f"big_emoji_{i}", several=len(latest.hands) > 1)


def _show_hand(hand: Reading, key: str, *, several: bool) -> None:
    if several:
        st.caption(f"{hand.pose.handedness or 'a'} hand")
    if hand.gesture is None:
        show_gesture(UNKNOWN if hand.rejected else UNSURE, "No gesture", key)
        if hand.rejected:
            st.caption(UNLIKE, text_alignment="center")
    else:
        show_gesture(hand.gesture.emoji, hand.gesture.name, key)
    for gesture, probability in hand.probabilities:
        st.progress(probability, f"{safe_label(gesture.title)} · {probability:.0%}")


def show_gesture(emoji: str, name: str, key: str = "big_emoji") -> None:
    """One emoji, large, with its name."""
    with st.container(key=key):
        st.markdown(safe_label(emoji) or "&nbsp;", text_alignment="center")
    st.subheader(safe_label(name), text_alignment="center", anchor=False)
