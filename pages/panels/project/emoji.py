"""Choosing an emoji by looking."""

import streamlit as st

from core.gestures.labels import in_colour

_SIGNS = (
    "👍 👎 ☝ 👌 👊 👉 👈 ✋ 🚫 ✌ 🤞 🤟 🤘 🤙 🤏 👆 👇 🖖 👋 🤚 🖐 ✊ 🤛 🤜 🫱 🫲 🫳 🫴 🫰 🫵 🫶 👏 "
    "🙌 👐 🤲 🙏 💪 1️⃣ 2️⃣ 3️⃣ 4️⃣ 5️⃣ 🟢 🔴 ⭐ ❤ ▶ ⬅ ➡ ⬆ ⬇ 🔃 🔄"
)
HANDS = [in_colour(sign) for sign in _SIGNS.split()]


def pick_emoji(key: str, now: str = "") -> str:
    """One of the hands and signs, or any other that is typed; "" for none."""
    chosen = st.pills("Emoji", HANDS, default=now if now in HANDS else None, key=f"{key}_pills")
    other = st.text_input(
        "or any other",
        "" if now in HANDS else now,
        max_chars=8,
        key=f"{key}_other",
        help="Paste an emoji, or one or two letters. It stands for the gesture everywhere.",
    )
    return other.strip() or chosen or ""
