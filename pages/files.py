"""Files: what pictures and videos show, to see and to take away."""

import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from core.estimators import create_estimator
from core.gestures.labels import DEFAULT_GESTURES, safe_label
from core.gestures.model import GestureModel
from core.studio.files import SUFFIXES, Read, Seen, read_file, table_of, zip_of_pictures
from pages._models import pick_model
from pages._projects import pick_project
from pages._widgets import errors_shown, studio

COLUMNS, FIRST_SHOWN = 3, 12
EMOJI = {gesture.name: gesture.emoji for gesture in DEFAULT_GESTURES}


def page() -> None:
    """Files in at the top, what they show below, downloads at the end."""
    project = pick_project()
    st.title("Files", anchor=False)
    left, right = st.columns([3, 2], gap="large")
    with right:
        model = pick_model(project)
        two = st.toggle("Two hands", key="files_two_hands", persist_state="session")
    with left:
        files = st.file_uploader(
            "Pictures, videos, or a zip of them", [s.strip(".") for s in SUFFIXES], True,
            key="files_uploaded",
            help="JPEG, PNG, WEBP up to 20 MB; videos up to 200 MB and 10 minutes. They stay on "
            "the machine that runs Mudra and are forgotten when you leave.",
        )  # fmt: skip
    if not files:
        st.info(
            "Drop pictures or a video here: each comes back with its skeleton and gesture, and "
            "with a table of all of them.", icon="🖼",
        )  # fmt: skip
        return
    if model is None:
        return
    reads = _read_all(files, model, 2 if two else 1)
    _show([seen for read in reads for seen in read.seen],
          [refusal for read in reads for refusal in read.refused], model)  # fmt: skip


def _read_all(files: list[Any], model: GestureModel, hands: int) -> list[Read]:
    """Every file once for each model and number of hands; what was read before is remembered."""
    kept: dict[tuple[Any, ...], Read] = st.session_state.setdefault("files_read", {})
    keys = {(file.file_id, str(model.path), hands): file for file in files}
    missing = [key for key in keys if key not in kept]
    bar = st.progress(0.0, "looking") if missing else None
    for number, key in enumerate(missing):
        file = keys[key]

        def tell(share: float, number: int = number, name: str = file.name) -> None:
            if bar is not None:
                title = f"looking at {safe_label(name)} ({number + 1} of {len(missing)})"
                bar.progress((number + share) / len(missing), title)

        tell(0.0)
        with errors_shown():
            kept[key] = read_file(
                file.name, file.getvalue(), model, lambda: _estimator(hands), _folder(),
                progress=tell,
            )  # fmt: skip
    if bar is not None:
        bar.empty()
    return [kept[key] for key in keys if key in kept]


def _estimator(hands: int) -> Any:
    return create_estimator("mediapipe-hands", studio().places.weights, num_hands=hands)


def _folder() -> Path:
    """A temporary folder for this visitor's annotated videos; it goes away with the session."""
    if "files_folder" not in st.session_state:
        st.session_state["files_folder"] = tempfile.TemporaryDirectory(prefix="mudra-files-")
    return Path(st.session_state["files_folder"].name)


def _show(seen: list[Seen], refused: list[tuple[str, str]], model: GestureModel) -> None:
    hands = sum(one.hands for one in seen)
    st.markdown(f"**{len(seen)}** read · **{hands}** hands · **{len(refused)}** refused")
    if refused:
        with st.expander(f"Refused ({len(refused)}), and why", icon="⚠️", expanded=not seen):
            for name, reason in refused[:200]:
                st.markdown(f"- {safe_label(name)}: {safe_label(reason)}")
    if seen:
        _downloads(seen)
    for one in (one for one in seen if one.video is not None):
        _show_video(one)
    _show_pictures([one for one in seen if one.video is None], model)


def _downloads(seen: list[Seen]) -> None:
    pictures = [one for one in seen if one.video is None]
    with st.container(horizontal=True):
        table = table_of(seen).to_csv(index=False).encode()
        st.download_button("Table (CSV)", table, "gestures.csv", "text/csv", icon="📄")
        if pictures:
            st.download_button(
                "Annotated pictures (zip)", lambda: zip_of_pictures(pictures), "annotated.zip",
                "application/zip", icon="🖼",
            )  # fmt: skip


def _show_video(one: Seen) -> None:
    st.subheader(safe_label(one.name), anchor=False)
    assert one.video is not None
    left, right = st.columns([3, 2], gap="large")
    left.video(str(one.video), format="video/webm")
    table = table_of([one])
    with right:
        st.caption(f"{len(one.records)} frames, a hand in {table['frame'].nunique()}")
        counts = table["gesture"].value_counts()
        for name, count in counts.items():
            share = count / max(len(table), 1)
            st.progress(share, f"{EMOJI.get(name, '')} {safe_label(name)} · {share:.0%} of hands")
        st.download_button("Annotated video (WebM)", lambda: one.video.read_bytes(),
                           "annotated.webm", "video/webm", icon="🎞",
                           key=f"video_{one.video.stem}")  # fmt: skip


def _show_pictures(pictures: list[Seen], model: GestureModel) -> None:
    emoji = EMOJI | {gesture.name: gesture.emoji for gesture in model.gestures}
    shown = st.session_state.get("files_shown", FIRST_SHOWN)
    for row in range(0, min(shown, len(pictures)), COLUMNS):
        for column, one in zip(st.columns(COLUMNS), pictures[row : row + COLUMNS], strict=False):
            hands = one.records[0]["hands"]
            said = ", ".join(
                f"{emoji.get(hand['gesture'], '')} {hand['gesture']} {hand['probability']:.0%}"
                for hand in hands
            )
            column.image(one.jpeg, f"{safe_label(one.name)} — {safe_label(said) or 'no hand'}",
                         width="stretch")  # fmt: skip
    if len(pictures) > shown and st.button(f"Show more ({len(pictures) - shown} left)"):
        st.session_state["files_shown"] = shown + 4 * FIRST_SHOWN
        st.rerun()


page()
