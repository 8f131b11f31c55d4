"""The Files page's lower half: what was seen in pictures and videos, and what was refused."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.gestures.labels import ARM_POSES, DEFAULT_GESTURES, NONE, safe_label
from core.gestures.modelfile.gesture_model import GestureModel
from core.offline.files import Read, Seen, refusal_text, table_of, zip_of_pictures
from core.pose.skeletons import Skeleton, skeleton_named
from core.store import Project

COLUMNS, FIRST_SHOWN, REFUSED_SHOWN = 3, 12, 200
HALF_SEEN = "half of the body is out of the picture"
EMOJI = {gesture.name: gesture.emoji for gesture in (*ARM_POSES, *DEFAULT_GESTURES)}


def show_read(reads: Sequence[Read], project: Project, model: GestureModel | None) -> None:
    """Everything that came of the files: counts, refusals, downloads, videos, pictures."""
    seen = [one for read in reads for one in read.seen]
    refused = [refusal for read in reads for refusal in read.refused]
    emoji = EMOJI | {gesture.name: gesture.emoji for gesture in (model.gestures if model else ())}
    skeleton, found = skeleton_named(project.skeleton), sum(one.hands for one in seen)
    of = skeleton.titles
    st.markdown(f"read **{len(seen)}** / refused **{len(refused)}** · {of} **{found}**")
    if refused:
        with st.expander(f"Refused ({len(refused)}), and why", icon="⚠️", expanded=not seen):
            lines = [safe_label(refusal_text(*one)) for one in refused[:REFUSED_SHOWN]]
            st.markdown("\n".join(f"- {line}" for line in lines))
            if len(refused) > REFUSED_SHOWN:
                st.caption(f"and {len(refused) - REFUSED_SHOWN} more")
    if seen:
        _downloads(seen)
    for one in (one for one in seen if one.video is not None):
        _show_video(one, emoji, skeleton)
    _show_pictures([one for one in seen if one.video is None], emoji, skeleton)


def _downloads(seen: list[Seen]) -> None:
    pictures = [one for one in seen if one.video is None]
    with st.container(horizontal=True):
        table = table_of(seen).to_csv(index=False).encode()
        st.download_button(
            "Table (CSV)", table, "gestures.csv", "text/csv", icon="📄", on_click="ignore"
        )
        if pictures:
            st.download_button(
                "Annotated pictures (zip)",
                lambda: zip_of_pictures(pictures),
                "annotated.zip",
                "application/zip",
                icon="🖼",
                on_click="ignore",
            )


def _show_video(one: Seen, emoji: dict[str, str], skeleton: Skeleton) -> None:
    st.subheader(safe_label(one.name), anchor=False)
    video = one.video
    assert video is not None
    left, right = st.columns([3, 2], gap="large")
    left.video(str(video), format="video/webm")
    with right:
        if one.missing:
            st.warning(f"Only {one.missing}.", icon="⚠️")
        found = sum(1 for record in one.records if record["hands"])
        st.caption(f"{len(one.records)} frames, a {skeleton.title} in {found}")
        for name, share in one.shares.items():
            percent = f"{share:.0%}" if share >= 0.01 else "under 1%"
            of = f"{percent} of {skeleton.titles}"
            st.progress(share, f"{emoji.get(name, '')} {safe_label(name)} · {of}")
        st.download_button(
            "Annotated video (WebM)",
            video.read_bytes,
            "annotated.webm",
            "video/webm",
            icon="🎞",
            key=f"video_{video.stem}",
            on_click="ignore",
        )


def _show_pictures(pictures: list[Seen], emoji: dict[str, str], skeleton: Skeleton) -> None:
    shown = st.session_state.get("files_shown", FIRST_SHOWN)
    for row in range(0, min(shown, len(pictures)), COLUMNS):
        for column, one in zip(st.columns(COLUMNS), pictures[row : row + COLUMNS], strict=False):
            column.image(one.jpeg, width="stretch")
            found = [_answer(hand, emoji, skeleton) for hand in one.records[0]["hands"]]
            with column.container(gap=None):
                st.markdown(" · ".join(found) or f"no {skeleton.title}")
                st.caption(safe_label(one.name))
    if len(pictures) > shown and st.button(f"Show more ({len(pictures) - shown} left)"):
        st.session_state["files_shown"] = shown + 4 * FIRST_SHOWN
        st.rerun()


def _answer(hand: dict[str, Any], emoji: dict[str, str], skeleton: Skeleton) -> str:
    """A hand's or body's gesture and how sure it is, or that it shows none."""
    if hand["gesture"] is None:
        return f"a {skeleton.title}"
    if hand["rejected"] and hand["likeliest"] == NONE.name:
        return "no gesture"
    if hand["rejected"]:
        return f"no gesture (most like {safe_label(hand['likeliest'])})"
    name = hand["gesture"]
    half = f" · {HALF_SEEN}" if hand.get("half") else ""
    return f"{emoji.get(name, '')} **{safe_label(name)}** {hand['probability']:.0%}{half}"
