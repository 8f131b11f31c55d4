"""Label noise: the samples are scored when they are to be shown most suspect first."""

import streamlit as st

from core.review.reviewing import AT_ONCE, SUSPECTED, LabelNoise
from core.store import Project
from core.store.index import SampleIndex
from pages.panels.frame import label_noise_cache, studio


def label_noise_of(project: Project, sample_index: SampleIndex, order: str) -> LabelNoise | None:
    """The latest scores; made anew, at once or on demand, where the samples are ordered by them."""
    cache = label_noise_cache(studio().paths)
    label_noise = cache.latest(project.id)
    if order != SUSPECTED:
        return label_noise
    stale = label_noise is None or not label_noise.fits(sample_index)
    again = label_noise is None or len(sample_index) <= AT_ONCE
    if stale and not again:
        st.caption("Samples have changed since they were scored; new ones come last.")
        again = st.button("Score again", icon="🔄")
    if stale and again:
        bar = st.progress(0.0, f"scoring {len(sample_index):,} samples")
        label_noise = cache.score(studio().store, studio().paths, project, bar.progress)
        bar.empty()
    st.caption(
        "A sample is suspect where samples of other recordings that look like it are another "
        "gesture, or the model in use takes it for one."
    )
    return label_noise
