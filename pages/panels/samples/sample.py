"""One sample, large, with where it comes from and what is suspect about it; a clip plays and can be
trimmed."""

import numpy as np
import streamlit as st

from core.gestures.labels import safe_label
from core.pose.finders import BOTH_HANDS, MEDIAPIPE, keypoints_by
from core.pose.skeletons.table import skeleton_named
from core.recording.clip_pictures import loop_picture
from core.recording.clips import LEAST_FRAMES
from core.recording.samples import picture_of, shown_jpeg
from core.review.reviewing import Opinion
from core.store import Project, Sample
from core.store.bin import delete_samples
from core.store.index import sample_origin
from core.store.trimming import clip_times, part_of, trim_clip, whole_of
from pages.components.clip_loop import play_clip
from pages.panels.layout import errors_shown
from pages.panels.resources import studio

SAMPLE_SIZE_PX = 512  # pixels
CLIP_SIZE_PX = 320  # pixels


@st.dialog("Sample", width="large")
def show_large(
    project: Project, sample: Sample, opinion: Opinion | None = None, *, binned: bool = False
) -> None:
    """The sample over the page; what is in the bin can't be deleted again."""
    with errors_shown():
        show_sample(project, sample, opinion, corrects=not binned)
        if not binned and st.button("Delete it", icon="🗑️"):
            delete_samples(studio().store, project.id, [sample.id])
            st.rerun()


def show_sample(
    project: Project, sample: Sample, opinion: Opinion | None = None, *, corrects: bool = False
) -> None:
    """Picture and facts beside each other; a clip plays, and where it `corrects`, its begin and end
    can be moved."""
    left, right = st.columns(2, gap="medium")
    with left:
        if sample.frames == 1:
            st.image(picture_of(sample, SAMPLE_SIZE_PX), width="stretch")
        elif corrects:
            correct_clip(project, sample)
        else:
            show_clip(sample)
    with right:
        _show_facts(sample)
        if opinion:
            _show_label_noise(project, opinion, sample.estimator)


def _show_facts(sample: Sample) -> None:
    origin = sample_origin(studio().store, sample.id)
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


def _show_label_noise(project: Project, opinion: Opinion, estimator: str) -> None:
    gestures = {g.id: g.label.title for g in studio().store.gestures(project.id)}
    of_side = keypoints_by(estimator) in (MEDIAPIPE, BOTH_HANDS)  # which scores nothing else
    lines = [f"{'Left or right' if of_side else 'Detector'}: score {opinion.score:.2f}"]
    if opinion.neighbours is not None:
        lines.insert(0, f"{opinion.neighbours:.0%} of its neighbours are other gestures")
    if opinion.model is not None:
        lines.insert(0, f"the model in use gives {opinion.model:.0%} to other gestures")
    if opinion.other is not None:
        st.markdown(f"Looks like **{safe_label(gestures.get(opinion.other, 'another'))}**")
    st.caption(" · ".join(lines))


def show_clip(sample: Sample) -> None:
    """The clip as it is."""
    play_clip(f"clip_{sample.id}", shown_jpeg(sample, CLIP_SIZE_PX))


def correct_clip(project: Project, sample: Sample) -> None:
    """The clip as its handles have it: of all that was recorded, where that was cut before."""
    whole, now = whole_of(studio().store, sample)
    times, player = clip_times(whole), st.container()
    st.image(loop_picture(whole, 64), width="stretch")
    begin_s, end_s = st.slider(
        "Begin and end, s",
        0.0,
        float(times[-1]),
        (float(times[now.start]), float(times[now.stop - 1])),
        step=0.01,
        key=f"handles_{sample.id}",
    )
    begin, end = np.searchsorted(times, [begin_s - 0.005, end_s + 0.005]).tolist()
    with player:
        if end - begin < LEAST_FRAMES:
            st.image(picture_of(part_of(whole, slice(begin, max(end, begin + 1))), CLIP_SIZE_PX))
            st.caption(f"A clip has {LEAST_FRAMES} frames at least: move the handles apart.")
            return
        play_clip(f"clip_{sample.id}", shown_jpeg(part_of(whole, slice(begin, end)), CLIP_SIZE_PX))
    unchanged = (begin, end) == (now.start, now.stop)
    if st.button("Apply", icon="✂️", type="primary", disabled=unchanged, help="It can be undone."):
        with errors_shown():
            trim_clip(studio().store, project.id, sample, slice(begin, end))
            st.rerun()
