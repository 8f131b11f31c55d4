"""Samples: a grid to select from, and one sample at full size."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from core.gestures.labels import format_count, safe_label
from core.pose.finders import BOTH_HANDS, MEDIAPIPE, keypoints_by
from core.pose.skeletons.table import skeleton_named
from core.recording.clips import MIN_CLIP_FRAMES
from core.recording.sample_pictures import draw_clip_loop, draw_sample, encode_sample_picture
from core.review.reviewing import LabelNoiseScore
from core.store import Project, Sample
from core.store.bin import delete_samples, list_move_targets, move_samples
from core.store.index import Ints, find_sample_origin
from core.store.trimming import clip_times, find_whole_clip, slice_clip, trim_clip
from pages.components.sample_grid import play_clip, show_tiles
from pages.panels.layout import apply_and_rerun, show_errors
from pages.panels.resources import studio

SAMPLE_SIZE_PX = 512
CLIP_SIZE_PX = 320


@st.dialog("Sample", width="large")
def show_sample_dialog(
    project: Project, sample: Sample, noise_score: LabelNoiseScore | None, *, in_bin: bool
) -> None:
    """Show a sample in a dialog, with a Delete button and trimming unless it is in the bin."""
    with show_errors():
        show_sample(project, sample, noise_score, can_trim=not in_bin)
        if not in_bin and st.button("Delete it", icon="🗑️"):
            delete_samples(studio().store, project.id, [sample.id])
            st.rerun()


def show_sample(
    project: Project,
    sample: Sample,
    noise_score: LabelNoiseScore | None = None,
    *,
    can_trim: bool = False,
) -> None:
    """Show a sample's picture or clip, its facts and its label-noise score."""
    left, right = st.columns(2, gap="medium")
    with left:
        if sample.frames == 1:
            st.image(draw_sample(sample, SAMPLE_SIZE_PX), width="stretch", alt="The sample")
        elif can_trim:
            trim_clip_form(project, sample)
        else:
            play_clip(f"clip_{sample.id}", encode_sample_picture(sample, CLIP_SIZE_PX))
    with right:
        _show_sample_facts(sample)
        if noise_score:
            _show_label_noise(project, noise_score, sample.estimator)


def _show_sample_facts(sample: Sample) -> None:
    """List a sample's gesture, person, time, source, estimator and other metadata."""
    origin = find_sample_origin(studio().store, sample.id)
    moves, of_hand = sample.frames > 1, skeleton_named(sample.skeleton).is_hand
    size = "–" if sample.size_hw is None else f"{sample.size_hw[1]} × {sample.size_hw[0]}"
    facts = {
        "Gesture": f"{origin.emoji} {origin.gesture}".strip(),
        "Who": origin.person,
        "When": _format_time(sample.taken_at),
        "Source": sample.source,
        "Session": f"{origin.session_id}, {origin.session_source}, "
        f"{_format_time(origin.session_at)}",
        "Recording": f"{origin.burst_id}, {_format_time(origin.recording_at)}",
        **({"Hand": sample.handedness or "not known"} if of_hand else {}),
        "Picture": size,
        "Mirrored view": "yes" if sample.mirrored_view else "no",
        "Estimator": f"{sample.estimator} {sample.estimator_version}".strip(),
        "File's sha256": sample.file_hash or "none: from a camera",
        **({"Frames": f"{sample.frames} in {clip_times(sample)[-1]:.2f} s"} if moves else {}),
        "Number": str(sample.id),
    }
    st.markdown("\n".join(f"- {name}: **{safe_label(fact)}**" for name, fact in facts.items()))


def _format_time(iso: str) -> str:
    return f"{iso[:19].replace('T', ' ')} UTC"


def _show_label_noise(project: Project, noise_score: LabelNoiseScore, estimator: str) -> None:
    """Show which gesture a sample looks like: by model, neighbours, detector or handedness."""
    gestures = {g.id: g.label.title for g in studio().store.gestures(project.id)}
    of_side = keypoints_by(estimator) in (MEDIAPIPE, BOTH_HANDS)  # their only score
    lines = [f"{'Left or right' if of_side else 'Detector'}: score {noise_score.score:.2f}"]
    if noise_score.neighbours is not None:
        lines.insert(0, f"{noise_score.neighbours:.0%} of its neighbours are other gestures")
    if noise_score.model is not None:
        lines.insert(0, f"the model in use gives {noise_score.model:.0%} to other gestures")
    if noise_score.other is not None:
        st.markdown(f"Looks like **{safe_label(gestures.get(noise_score.other, 'another'))}**")
    st.caption(" · ".join(lines))


def trim_clip_form(project: Project, sample: Sample) -> None:
    """Draw the clip with a slider for start and end, which can also restore trimmed frames; Apply
    saves at least MIN_CLIP_FRAMES."""
    whole, current = find_whole_clip(studio().store, sample)
    times, player = clip_times(whole), st.container()
    st.image(draw_clip_loop(whole, 64), width="stretch", alt="The clip’s frames")
    start_s, end_s = st.slider(
        "Start and end (s)",
        0.0,
        float(times[-1]),
        (float(times[current.start]), float(times[current.stop - 1])),
        step=0.01,
        key=f"handles_{sample.id}",
    )
    start, end = np.searchsorted(times, [start_s - 0.005, end_s + 0.005]).tolist()
    part = slice_clip(whole, slice(start, max(end, start + 1)))
    with player:
        if end - start < MIN_CLIP_FRAMES:
            st.image(draw_sample(part, CLIP_SIZE_PX), alt="The chosen part of the clip")
            st.caption(f"A clip needs at least {MIN_CLIP_FRAMES} frames: move the handles apart.")
            return
        play_clip(f"clip_{sample.id}", encode_sample_picture(part, CLIP_SIZE_PX))
    unchanged = (start, end) == (current.start, current.stop)
    if st.button("Apply", icon="✂️", type="primary", disabled=unchanged, help="It can be undone."):
        apply_and_rerun(trim_clip, studio().store, project.id, sample, slice(start, end))


SIZES = (24, 48, 96)  # samples a page


def selected_ids() -> set[int]:
    """Return the ids of the selected samples."""
    return st.session_state.setdefault("picked", set())


def _select_samples(ids: Sequence[int], on: bool = True) -> None:
    st.session_state["picked"] = selected_ids() | set(ids) if on else selected_ids() - set(ids)
    st.session_state["picked_turn"] = _selection_version() + 1


def _selection_version() -> int:
    """Return how often a button has changed the selection, so that tiles know theirs is old."""
    return st.session_state.get("picked_turn", 0)


def show_selection_bar(
    listed_ids: Ints, page_ids: Ints, draw_actions: Callable[[list[int]], object]
) -> None:
    """Draw the select buttons and, if any of the listed samples are selected, `draw_actions`."""
    chosen = [i for i in listed_ids.tolist() if i in selected_ids()] if selected_ids() else []
    with st.container(horizontal=True, vertical_alignment="center", key="picked_bar"):
        st.button("Select page", icon="☑️", on_click=_select_samples, args=(page_ids.tolist(),))
        if len(listed_ids) > len(page_ids):
            every = listed_ids.tolist()
            st.button(f"Select all {len(every):,}", on_click=_select_samples, args=(every,))
        if chosen:
            st.button("Select none", on_click=_select_samples, args=(list(selected_ids()), False))
            draw_actions(chosen)


def apply_and_unselect(ids: list[int], change: Callable[[], object]) -> None:
    """Change the selected samples and unselect them (a button's callback)."""
    with show_errors():
        change()
        _select_samples(ids, False)


def show_sample_actions(project: Project, ids: list[int]) -> None:
    """Draw buttons that delete the samples, or move them to another gesture of the same kind."""
    n, store = f"{len(ids):,}", studio().store
    st.button(
        f"Delete {n}",
        icon="🗑️",
        on_click=apply_and_unselect,
        args=(ids, lambda: delete_samples(store, project.id, ids)),
    )
    gestures = {g.id: g.label.title for g in list_move_targets(store, project.id, ids)}
    to = st.selectbox(
        "Move to",
        [0, *gestures],
        key="move_to",
        width=220,
        label_visibility="collapsed",
        format_func=lambda i: safe_label(gestures[i]) if i in gestures else "move to …",
    )
    st.button(
        f"Move {n}",
        icon="➡️",
        disabled=not to,
        on_click=apply_and_unselect,
        args=(ids, lambda: move_samples(store, project.id, ids, to)),
    )


def show_sample_grid(
    project: Project,
    samples: Sequence[Sample],
    sample_scores: Mapping[int, LabelNoiseScore],
    *,
    in_bin: bool = False,
) -> None:
    """Draw the samples as selectable tiles; a click opens a sample's dialog."""
    gestures = {g.id: g.label.title for g in studio().store.gestures(project.id)}
    tiles = [_sample_tile(sample, gestures, sample_scores.get(sample.id)) for sample in samples]
    shown = {sample.id: sample for sample in samples}

    def pick(turn: int, ids: set[int]) -> None:
        if turn == _selection_version():  # else the tiles showed an old selection
            st.session_state["picked"] = selected_ids() - set(shown) | ids

    look = show_tiles("grid", tiles, selected_ids(), _selection_version(), pick)
    if look in shown:
        show_sample_dialog(project, shown[look], sample_scores.get(look), in_bin=in_bin)


def _sample_tile(
    sample: Sample, gestures: Mapping[int, str], noise_score: LabelNoiseScore | None
) -> dict[str, Any]:
    """Return the data of a sample's tile: gesture, picture, and the suspected other gesture."""
    note = ""
    if noise_score and noise_score.other is not None:
        other = gestures.get(noise_score.other, "another gesture")
        note = f"Looks like: {other} ({noise_score.share:.0%})"
    title = gestures.get(sample.gesture_id, "?")
    jpeg = b64encode(encode_sample_picture(sample)).decode()
    return {"id": sample.id, "title": title, "jpeg": jpeg, "note": note}


def show_page_controls(sample_ids: Ints) -> Ints:
    """Draw page size and page number; return the ids on the selected page."""
    with st.container(horizontal=True, vertical_alignment="center", key="pages"):
        size = st.selectbox(
            "Samples a page",
            SIZES,
            1,
            key="page_size",
            persist_state="session",
            width=140,
            format_func=lambda n: f"{n} a page",
            label_visibility="collapsed",
        )
        pages = -(-len(sample_ids) // size)
        number = min(max(1, st.session_state.get("page_no", 1)), pages)
        st.session_state["page_no"] = number
        if pages > 1:
            st.button("Previous", on_click=_step_page, args=(-1,), disabled=number == 1)
            number = st.number_input(
                "Page", 1, pages, key="page_no", width=120, label_visibility="collapsed"
            )
            st.button("Next", on_click=_step_page, args=(1,), disabled=number == pages)
        of = f"of {pages:,} pages · " if pages > 1 else ""
        st.markdown(f"{of}**{format_count(len(sample_ids), 'sample')}**")
    return sample_ids[(number - 1) * size : number * size]


def go_to_first_page() -> None:
    """Show the first page again, since other samples are listed."""
    st.session_state["page_no"] = 1


def _step_page(step: int) -> None:
    st.session_state["page_no"] = st.session_state.get("page_no", 1) + step
