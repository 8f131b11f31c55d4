"""Widgets that several pages use: one of a few, an emoji, files."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from core.exchange.tables import own_tables
from core.gestures.labels import in_colour
from core.gestures.modelfile import bundle
from core.media import archives, json_objects, pictures, videos
from core.media.pictures import encode_png
from core.pose.drawing.poses import person_swatch
from core.recording.imports import cells

_SIGNS = (
    "👍 👎 ☝ 👌 👊 👉 👈 ✋ 🚫 ✌ 🤞 🤟 🤘 🤙 🤏 👆 👇 🖖 👋 🤚 🖐 ✊ 🤛 🤜 🫱 🫲 🫳 🫴 🫰 🫵 🫶 👏 "
    "🙌 👐 🤲 🙏 💪 1️⃣ 2️⃣ 3️⃣ 4️⃣ 5️⃣ 🟢 🔴 ⭐ ❤ ▶ ⬅ ➡ ⬆ ⬇ 🔃 🔄"
)
EMOJI_CHOICES = [in_colour(sign) for sign in _SIGNS.split()]
LIMITS_MB = {
    kind: size // 2**20
    for kind, size in {
        "pictures": pictures.MAX_BYTES,
        "videos": videos.MAX_BYTES,
        "zips": archives.MAX_TOTAL,
        "models": bundle.MAX_FILE,
        "CSV": cells.MAX_BYTES,
        "JSON": json_objects.MAX_BYTES,
        "Parquet": own_tables.MAX_BYTES,
        "recordings": archives.MAX_TOTAL,
    }.items()
}


def pick_option(title: str, options: Iterable[str], key: str, **look: Any) -> str:
    """One is always chosen, at first the first; `look` is what Streamlit's control takes."""
    names = list(options)
    return st.segmented_control(
        title, names, default=names[0], required=True, key=key, persist_state="session", **look
    )


def colored_number(number: int) -> str:
    """A person's number with the colour that they are drawn in, as Markdown."""
    png = b64encode(encode_png(person_swatch(number))).decode()
    return f"![](data:image/png;base64,{png}) {number}"


def pick_emoji(key: str, now: str = "") -> str:
    """One of the hands and signs, or any other that is typed; "" for none."""
    chosen = st.pills(
        "Emoji", EMOJI_CHOICES, default=now if now in EMOJI_CHOICES else None, key=f"{key}_pills"
    )
    other = st.text_input(
        "or any other",
        "" if now in EMOJI_CHOICES else now,
        max_chars=8,
        key=f"{key}_other",
        help="Paste an emoji, or one or two letters. It stands for the gesture everywhere.",
    )
    return other.strip() or chosen or ""


def upload_field(
    kinds: Sequence[str], label: str, types: Sequence[str], *, place: Any = st, **options: Any
) -> Any:
    """Draw Streamlit's file uploader, which says how large a file may be.

    Args:
        kinds: of LIMITS_MB.
        place: where to draw it.
        options: what `st.file_uploader` takes.
    """
    limits = {kind: LIMITS_MB[kind] for kind in kinds}
    files = place.file_uploader(label, types, max_upload_size=max(limits.values()), **options)
    if len(set(limits.values())) > 1:
        place.caption(f"Up to {', '.join(f'{mb} MB for {kind}' for kind, mb in limits.items())}.")
    return files
