"""A clip, large: it plays, and its begin and end are moved by two handles."""

import numpy as np
import streamlit as st

from core.capture.clip_pictures import loop_picture
from core.capture.clips import LEAST_FRAMES
from core.capture.samples import picture_of, shown_jpeg
from core.store import Project, Sample
from core.store.trimming import clip_times, part_of, trim_clip, whole_of
from pages.components.clip_loop import play_clip
from pages.panels.frame import errors_shown, studio

SIZE = 320  # pixels


def show_clip(sample: Sample) -> None:
    """The clip as it is."""
    play_clip(f"clip_{sample.id}", shown_jpeg(sample, SIZE))


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
            st.image(picture_of(part_of(whole, slice(begin, max(end, begin + 1))), SIZE))
            st.caption(f"A clip has {LEAST_FRAMES} frames at least: move the handles apart.")
            return
        play_clip(f"clip_{sample.id}", shown_jpeg(part_of(whole, slice(begin, end)), SIZE))
    unchanged = (begin, end) == (now.start, now.stop)
    if st.button("Apply", icon="✂️", type="primary", disabled=unchanged, help="It can be undone."):
        with errors_shown():
            trim_clip(studio().store, project.id, sample, slice(begin, end))
            st.rerun()
