"""One sample, large, with where it comes from and what is suspect about it."""

import streamlit as st

from core.capture.samples import picture_of
from core.gestures.labels import safe_label
from core.pose.finders import BOTH_HANDS, MEDIAPIPE, keypoints_by
from core.pose.skeletons import skeleton_named
from core.review.reviewing import Opinion
from core.store import Project, Sample
from core.store.bin import delete_samples
from core.store.index import sample_origin
from core.store.trimming import clip_times
from pages.panels.frame import errors_shown, studio
from pages.panels.samples.clip import correct_clip, show_clip

SIZE = 512  # pixels


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
            st.image(picture_of(sample, SIZE), width="stretch")
        elif corrects:
            correct_clip(project, sample)
        else:
            show_clip(sample)
    with right:
        _facts(sample)
        if opinion:
            _show_label_noise(project, opinion, sample.estimator)


def _facts(sample: Sample) -> None:
    origin = sample_origin(studio().store, sample.id)
    moves, of_hand = sample.frames > 1, skeleton_named(sample.skeleton).is_hand
    size = "–" if sample.size_hw is None else f"{sample.size_hw[1]} × {sample.size_hw[0]}"
    facts = {
        "Gesture": f"{origin.emoji} {origin.gesture}".strip(),
        "Who": origin.person,
        "When": _time(sample.taken_at),
        "Source": sample.source,
        "Session": f"{origin.session_id}, {origin.session_source}, {_time(origin.session_at)}",
        "Recording": f"{origin.burst_id}, {_time(origin.recording_at)}",
        **({"Hand": sample.handedness or "not known"} if of_hand else {}),
        "Picture": size,
        "Mirrored view": "yes" if sample.mirrored_view else "no",
        "Estimator": f"{sample.estimator} {sample.estimator_version}".strip(),
        "File's sha256": sample.file_hash or "none: from a camera",
        **({"Frames": f"{sample.frames} in {clip_times(sample)[-1]:.2f} s"} if moves else {}),
        "Number": str(sample.id),
    }
    st.markdown("\n".join(f"- {name}: **{safe_label(fact)}**" for name, fact in facts.items()))


def _time(iso: str) -> str:
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
