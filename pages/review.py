"""Review: look through the samples, move or delete wrong ones, restore deleted ones."""

import streamlit as st

from core.gestures.labels import safe_label
from core.review.reviewing import (
    BY_PERSON,
    MAX_AUTO_SCORED,
    NEWEST,
    SUSPECTED,
    LabelNoise,
    SampleFilter,
    filter_and_sort_ids,
    score_labels,
    select_scores,
)
from core.store import Project
from core.store.bin import PROJECT, BinEntry, list_bin, restore_from_bin, restore_samples
from core.store.index import SampleIndex, read_index, read_restorable_index, read_samples
from core.words import mark
from pages.panels.controls import pick_option
from pages.panels.language import t, tn
from pages.panels.layout import show_errors
from pages.panels.progress import progress_bar
from pages.panels.project.projects import pick_project
from pages.panels.resources import label_noise_cache, studio
from pages.panels.samples.balance import show_balance, show_no_samples
from pages.panels.samples.map import group_titles, show_data_map
from pages.panels.samples.samples import (
    apply_and_unselect,
    go_to_first_page,
    show_page_controls,
    show_sample_actions,
    show_sample_grid,
    show_selection_bar,
)

SAMPLES, MAP = mark("🖐 Samples"), mark("🗺️ Map")
BALANCE, BIN = mark("⚖️ Balance"), mark("🗑️ Bin")
ALL = 0  # no gesture, person or session has this id
ORDERS = {
    NEWEST: mark("newest first"),
    SUSPECTED: mark("most suspect first"),
    BY_PERSON: mark("by person"),
}
FILTERS = (mark("Gesture"), mark("Person"), mark("Session"))
BIN_ICONS = {"project": "🗂", "gesture": "🖐", "person": "🧑"}
BIN_SHOWN = 50


def page() -> None:
    """Draw the page: the choice of a view (samples, map, balance, bin) and the selected view."""
    project = pick_project()
    _apply_linked_samples(project)
    views = [SAMPLES, MAP, BALANCE, BIN]
    view = pick_option(t("View"), views, "review_view", label_visibility="collapsed")
    with show_errors():
        if view == BIN:
            show_deleted_groups(project)
            show_deleted_samples(project)
            return
        sample_index = read_index(studio().store, project.id)
        if view == BALANCE:
            show_balance(project, sample_index)
        elif not len(sample_index):
            show_no_samples()
        elif view == MAP:
            show_data_map(project, sample_index)
        else:
            _show_filtered_samples(project, sample_index)


def _apply_linked_samples(project: Project) -> None:
    """Reset view and filters when another page links to certain samples."""
    ids = st.session_state.get(f"review_ids_{project.id}")
    if ids is not None and ids is not st.session_state.get("review_ids_seen"):
        st.session_state["review_ids_seen"] = ids
        st.session_state["review_view"] = SAMPLES
        for title in FILTERS:
            st.session_state[f"review_{title}_{project.id}"] = ALL
        go_to_first_page()


def _show_filtered_samples(project: Project, sample_index: SampleIndex) -> None:
    """Draw filters, page controls and selection bar, and the page's samples as tiles."""
    st.caption(t("Select wrong samples, then delete or move them."))
    wanted = _pick_filters(project)
    label_noise = label_noise_scores(project, sample_index, wanted.order)
    persons = tuple(person.id for person in studio().store.persons(project.id))
    found = filter_and_sort_ids(sample_index, wanted, label_noise=label_noise, persons=persons)
    if not len(found):
        st.info(t("No sample matches these filters."), icon="🔎")
        return
    shown = show_page_controls(found)
    show_selection_bar(found, shown, lambda ids: show_sample_actions(project, ids))
    known = select_scores(label_noise, sample_index, shown) if label_noise else {}
    show_sample_grid(project, read_samples(studio().store, shown.tolist()), known)


def _pick_filters(project: Project) -> SampleFilter:
    """Draw gesture, person, session and order; return a filter of them and any linked ids."""
    with st.container(horizontal=True, key="filters"):
        gesture, person, session = (
            _pick_filter(title, group_titles(project, title.lower()), project) for title in FILTERS
        )
        order = st.selectbox(
            t("Order"),
            list(ORDERS),
            key="review_order",
            persist_state="session",
            width=190,
            format_func=lambda o: t(ORDERS[o]),
            on_change=go_to_first_page,
        )
    return SampleFilter(gesture, person, session, _ids_from_link(project), order or NEWEST)


def _pick_filter(title: str, names: dict[int, str], project: Project) -> int | None:
    """Draw a filter's choice of names; return the selected id, None for all."""
    chosen = st.selectbox(
        t(title),
        [ALL, *names],
        key=f"review_{title}_{project.id}",
        width=190,
        persist_state="session",
        on_change=go_to_first_page,
        format_func=lambda i: safe_label(names[i]) if i in names else t("all"),
    )
    return chosen or None


def _ids_from_link(project: Project) -> tuple[int, ...] | None:
    """Return the sample ids that another page linked to, and draw Show all; None without a link."""
    key = f"review_ids_{project.id}"
    ids = st.session_state.get(key)
    if ids is None:
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(tn(len(ids), "🔎 Only {n:,} linked sample.", "🔎 Only {n:,} linked samples."))
        st.button(t("Show all"), icon="✖️", on_click=lambda: st.session_state.pop(key, None))
    return tuple(ids)


def label_noise_scores(
    project: Project, sample_index: SampleIndex, order: str
) -> LabelNoise | None:
    """Return the cached label-noise scores; when sorting by label noise, recompute outdated scores,
    for many samples only on request."""
    cache = label_noise_cache(studio().paths)
    label_noise = cache.get(project.id)
    if order != SUSPECTED:
        return label_noise
    stale = label_noise is None or not label_noise.is_current(sample_index)
    again = label_noise is None or len(sample_index) <= MAX_AUTO_SCORED
    if stale and not again:
        st.caption(t("Samples changed after scoring; new ones come last."))
        again = st.button(t("Score again"), icon="🔄")
    if stale and again:
        with progress_bar(t("scoring {n:,} samples", n=len(sample_index))) as progress:
            label_noise = score_labels(studio().store, studio().paths, project, progress)
            cache[project.id] = label_noise
    st.caption(
        t(
            "Suspect samples are probably mislabelled: they look like another gesture, or the "
            "model in use predicts one."
        )
    )
    return label_noise


def show_deleted_groups(project: Project) -> None:
    """List deleted projects, gestures and people, at most BIN_SHOWN, each with a Restore button."""
    found = list_bin(studio().store, project.id)
    for one in found[:BIN_SHOWN]:
        _show_bin_entry(project, one)
    if len(found) > BIN_SHOWN:
        st.caption(t("and {n} older ones", n=len(found) - BIN_SHOWN))
    if not found:
        st.caption(t("No deleted projects, gestures or people."))


def _show_bin_entry(project: Project, entry: BinEntry) -> None:
    """Draw a bin entry with Restore and, if its name is now taken, a field for a new name."""
    when = entry.at[:16].replace("T", " ")
    key = f"{entry.kind}_{entry.id}"
    with st.container(border=True, gap="small"):
        st.markdown(
            t(
                "{icon} {kind} **{name}** · {samples} · deleted {when} UTC",
                icon=BIN_ICONS[entry.kind],
                kind=t(entry.kind),
                name=safe_label(entry.name),
                samples=tn(entry.samples, "{n:,} sample", "{n:,} samples"),
                when=when,
            )
        )
        if entry.clash:
            clash = safe_label(t(entry.clash))
            st.caption(t("{clash}: type a new name for this one.", clash=clash))
        with st.container(horizontal=True, vertical_alignment="center"):
            if entry.clash:
                st.text_input(
                    t("New name"),
                    key=f"name_{key}",
                    max_chars=40,
                    width=220,
                    placeholder=t("a new name"),
                    label_visibility="collapsed",
                )
            st.button(
                t("Restore"),
                icon="↩️",
                key=f"back_{key}",
                on_click=_restore_bin_entry,
                args=(project, entry, f"name_{key}"),
            )


def _restore_bin_entry(project: Project, entry: BinEntry, key: str) -> None:
    """Restore a bin entry under the typed name, if any; show how many samples it contained."""
    with show_errors():
        name = st.session_state.get(key, "").strip()
        back = restore_from_bin(studio().store, project.id, entry.kind, entry.id, name)
        shown = safe_label(name or entry.name)
        with_samples = tn(
            back,
            "Restored {name} with {n:,} sample.",
            "Restored {name} with {n:,} samples.",
            name=shown,
        )
        is_project = entry.kind == PROJECT
        st.toast(t("Restored {name}.", name=shown) if is_project else with_samples, icon="↩️")


def show_deleted_samples(project: Project) -> None:
    """Draw the individually deleted samples as tiles, with buttons that restore selected ones."""
    st.subheader(t("Samples"), anchor=False)
    found = filter_and_sort_ids(read_restorable_index(studio().store, project.id), SampleFilter())
    if not len(found):
        st.caption(
            t("No deleted samples, except those that are restored with their gesture or person.")
        )
        return
    shown = show_page_controls(found)
    show_selection_bar(found, shown, lambda ids: _draw_restore_button(project, ids))
    show_sample_grid(project, read_samples(studio().store, shown.tolist()), {}, in_bin=True)


def _draw_restore_button(project: Project, ids: list[int]) -> None:
    """Draw the button that restores deleted samples."""

    def restore() -> None:
        back = restore_samples(studio().store, project.id, ids)
        st.toast(tn(back, "Restored {n:,} sample.", "Restored {n:,} samples."), icon="↩️")

    label = t("Restore {n:,}", n=len(ids))
    st.button(label, icon="↩️", on_click=apply_and_unselect, args=(ids, restore))


page()
