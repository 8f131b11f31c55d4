"""Widgets that several pages use: a choice of a few options, an emoji, an upload field."""

import mimetypes
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import streamlit as st

from core.estimators.movenet_bodies import MAX_PEOPLE
from core.exchange.tables import data_in
from core.gestures.labels import to_colour_emoji
from core.gestures.modelfile import bundle
from core.media.limits import JSON, PICTURE, VIDEO, ZIP
from core.media.pictures import encode_png
from core.pose.drawing.poses import person_color, person_swatch
from core.pose.skeletons.skeleton import to_css_color
from core.recording.imports import cells
from core.words import mark
from pages.panels.language import t

_SIGNS = (
    "👍 👎 ☝ 👌 👊 👉 👈 ✋ 🚫 ✌ 🤞 🤟 🤘 🤙 🤏 👆 👇 🖖 👋 🤚 🖐 ✊ 🤛 🤜 🫱 🫲 🫳 🫴 🫰 🫵 🫶 👏 "
    "🙌 👐 🤲 🙏 💪 1️⃣ 2️⃣ 3️⃣ 4️⃣ 5️⃣ 🟢 🔴 ⭐ ❤ ▶ ⬅ ➡ ⬆ ⬇ 🔃 🔄"
)
EMOJI_CHOICES = [to_colour_emoji(sign) for sign in _SIGNS.split()]
LIMITS_MB = {
    mark("pictures"): PICTURE.max_bytes // 2**20,
    mark("videos"): VIDEO.max_bytes // 2**20,
    mark("zips"): ZIP.max_total_bytes // 2**20,
    mark("models"): bundle.MAX_BYTES // 2**20,
    "CSV": cells.MAX_BYTES // 2**20,
    "JSON": JSON.max_bytes // 2**20,
    "Parquet": data_in.MAX_BYTES // 2**20,
    mark("recordings"): ZIP.max_total_bytes // 2**20,
}


def pick_option(
    title: str,
    options: Iterable[str],
    key: str,
    *,
    format_func: Callable[[str], str] = t,
    **control: Any,
) -> str:
    """Draw a segmented control, by default with the first option; return the selected option.

    Args:
        format_func: returns an option's text; the default is for options that are marked texts.
        control: further arguments of `st.segmented_control`.
    """
    names = list(options)
    return st.segmented_control(
        title,
        names,
        default=names[0],
        required=True,
        key=key,
        persist_state="session",
        format_func=format_func,
        **control,
    )


def colored_number(number: int) -> str:
    """Return a person's number with a swatch of the colour they are drawn in, as Markdown."""
    png = b64encode(encode_png(person_swatch(number))).decode()
    return f"![](data:image/png;base64,{png}) {number}"


def person_colors() -> list[str]:
    """Return the CSS colours in which people are drawn, from number 1 on."""
    return [to_css_color(person_color(number + 1)) for number in range(MAX_PEOPLE)]


def pick_emoji(key: str, current: str = "") -> str:
    """Draw common emoji and a text field; return the typed or else the selected emoji, or ""."""
    is_listed = current in EMOJI_CHOICES
    default = current if is_listed else None
    chosen = st.pills(t("Emoji"), EMOJI_CHOICES, default=default, key=f"{key}_pills")
    other = st.text_input(
        t("Other emoji"),
        "" if is_listed else current,
        max_chars=8,
        key=f"{key}_other",
        help=t("Paste an emoji, or one or two letters. It is shown with the gesture everywhere."),
    )
    return other.strip() or chosen or ""


def upload_field(
    kinds: Sequence[str], label: str, types: Sequence[str], *, place: Any = st, **options: Any
) -> Any:
    """Draw a file uploader with the size limits of these kinds of file, and return its uploads.

    Args:
        kinds: keys of `LIMITS_MB`.
        place: the container to draw in.
        options: further arguments of `st.file_uploader`.
    """
    limits = {kind: LIMITS_MB[kind] for kind in kinds}
    files = place.file_uploader(label, types, max_upload_size=max(limits.values()), **options)
    if len(set(limits.values())) > 1:
        sizes = (t("{size} MB for {kind}", size=mb, kind=t(kind)) for kind, mb in limits.items())
        place.caption(t("Up to {sizes}.", sizes=", ".join(sizes)))
    return files


def download_button(
    label: str, content: bytes | str | Callable[[], bytes | str], name: str, **options: Any
) -> None:
    """Draw a button that downloads a file without rerunning the page.

    Args:
        content: of the file, or a function that makes it when the button is pressed.
        name: the file's name; its suffix determines the media type.
        options: further arguments of `st.download_button`.
    """
    mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
    st.download_button(label, content, name, mime, on_click="ignore", **options)
