"""Privacy: where pictures go, what is stored, what libraries could send, and how to delete it."""

from pathlib import Path

import streamlit as st

from core.admin import erasing
from core.admin.erasing import StoredData
from core.admin.lan import read_addresses
from core.admin.privacy import describe_access, list_network_clients
from core.gestures.labels import safe_label
from core.store import Project
from core.words import mark
from pages.panels.camera.settings import RTC_CONFIGURATION
from pages.panels.language import t
from pages.panels.layout import confirm_in_popover, show_errors, show_table
from pages.panels.project.projects import pick_project
from pages.panels.resources import clear_studio, studio
from pages.panels.visit import select_project

_OFF = mark("**{library}** {would}: ✅ off by {off_by}.")
_ON = mark("**{library}** {would}: ⚠️ **on**; off would be {off_by}.")
_COUNTS = {
    "projects": mark("{n:,} projects"),
    "gestures": mark("{n:,} gestures"),
    "persons": mark("{n:,} persons"),
    "sessions": mark("{n:,} sessions"),
    "bursts": mark("{n:,} bursts"),
    "samples": mark("{n:,} samples"),
    "rules": mark("{n:,} rules"),
}


def page() -> None:
    """Draw where data goes and is stored, which libraries could send data, and how to delete it."""
    project = pick_project()
    if message := st.session_state.pop("erased", None):
        st.success(safe_label(message), icon="✅")
    st.markdown(
        t(
            "Your camera's pictures go from your browser to the machine that runs Mudra, and no "
            "further. If hand tracking runs on this device (in the camera's settings), only the "
            "crops of what you record go there. A picture is analysed and forgotten; only what you "
            "record is stored."
        )
    )
    access = describe_access(
        st.get_option("server.address"),
        has_login=bool(studio().paths.owner),
        needs_code=bool(read_addresses()),
    )
    st.markdown(safe_label(t(access)))
    _show_stored_data()
    _show_keypoints_only(project)
    _show_network_clients()
    _show_bin(project)
    _show_erase_form()


def _show_stored_data() -> None:
    """Show a table of stored data: content, path, size in MB, and how to delete it."""
    st.subheader(t("What is stored, and where"), anchor=False)
    found = erasing.list_stored_data(studio().store, studio().paths)
    show_table(
        {
            t("What"): [t(one.title) for one in found],
            t("Where"): [_describe_place(one) for one in found],
            t("Size"): [f"{one.bytes / 2**20:,.1f}\u00a0MB" for one in found],
            t("Deleted"): [_describe_deletion(one) for one in found],
        }
    )
    st.caption(
        t(
            "Of each recorded frame: the keypoints, a crop of the hand or body 256 pixels wide "
            "unless the project stores keypoints only, and when, by whom and how it was recorded."
        )
    )


def _describe_place(data: StoredData) -> str:
    """Return where data is stored, in the visitor's language unless it is a path."""
    return str(data.path) if isinstance(data.path, Path) else t(data.path)


def _describe_deletion(data: StoredData) -> str:
    """Return what deletes data, in the visitor's language."""
    return ", ".join(t(action) for action in data.deleted_by)


def _show_keypoints_only(project: Project) -> None:
    """Show whether the project stores keypoints only, or a button that deletes its pictures."""
    st.subheader(t("Keypoints only"), anchor=False)
    if project.keypoints_only:
        st.success(
            t("This project stores keypoints only: recording, upload and import save no picture."),
            icon="✅",
        )
        return
    st.markdown(
        t(
            "A project can work without pictures: tick *Store keypoints only* for a new project, "
            "or delete the pictures of this one. Training needs only the keypoints."
        )
    )
    explanation = t(
        "Its pictures are deleted for good, including those in the bin, and no new ones are "
        "stored. Keypoints, trainings and models stay."
    )
    label = t("Delete this project's pictures")
    if confirm_in_popover(label, "🫥", explanation, t("Delete the pictures"), "forget"):
        with show_errors():
            count = erasing.delete_project_pictures(studio().store, studio().paths, project)
            _show_after_rerun(
                t("{n:,} pictures deleted; the project now stores keypoints only.", n=count)
            )


def _show_network_clients() -> None:
    """List the libraries that could contact external hosts, and how this is prevented."""
    st.subheader(t("What libraries could send"), anchor=False)
    found = list_network_clients(
        usage_statistics=bool(st.get_option("browser.gatherUsageStats")),
        server_address=st.get_option("server.address"),
        ice_servers=RTC_CONFIGURATION.get("iceServers"),
    )
    for one in found:
        template = _OFF if one.is_off else _ON
        text = t(template, library=one.library, would=t(one.would), off_by=t(one.off_by))
        st.markdown(f"- {text}")
    st.caption(
        t(
            "Mudra sends nothing by itself: models are downloaded when you run `make setup` or "
            "`weights fetch`, and gestures are sent to other programs if you switch that on, on "
            "*Live*."
        )
    )


def _show_bin(project: Project) -> None:
    """Explain the bin and draw the button that empties it for good, for all projects."""
    st.subheader(t("The bin"), anchor=False)
    st.caption(
        t(
            "What you delete stays in the bin until you empty it, and can be restored on *Review*; "
            "so do trimmed parts of moving gestures, up to a second on each side."
        )
    )
    explanation = t(
        "Deletes the samples, gestures, people and projects in the bin for good, of all "
        "projects. Earlier changes can't be undone afterwards."
    )
    button = t("Empty the bin for good")
    if confirm_in_popover(t("Empty the bin"), "🗑️", explanation, button, "empty_bin"):
        with show_errors():
            gone = erasing.empty_bin_here(studio().store, studio().paths)
            parts = [t(_COUNTS[part], n=count) for part, count in gone.items() if count]
            text = ", ".join(parts) or t("nothing, the bin was empty")
            _show_after_rerun(t("Deleted for good: {parts}.", parts=text))


def _show_erase_form() -> None:
    """Draw the button that deletes everything, enabled once the confirmation word is typed."""
    st.subheader(t("Delete everything"), anchor=False)
    own = t(
        "Deletes for good all projects, samples, pictures, trainings, models and own nets that are "
        "yours; those of other users stay. Recordings and trainings stop. The shipped models stay."
    )
    all_here = t(
        "Deletes for good all projects, samples, pictures, trainings, models and own nets and "
        "temporary files on this machine, for everyone who uses this studio. Recordings and "
        "trainings stop. The shipped models stay."
    )
    st.markdown(own if studio().paths.owner else all_here)
    turn = st.session_state.get("erase_turn", 0)
    word = st.text_input(
        t("Type {word} to confirm", word=erasing.CONFIRMATION_WORD),
        key=f"erase_{turn}",
        width=320,
    )
    confirmed = word.strip() == erasing.CONFIRMATION_WORD
    if st.button(t("Delete everything"), icon="🔥", disabled=not confirmed, key="erase"):
        with show_errors(), st.spinner(t("Deleting …")):
            here = studio()
            erased = erasing.erase_everything(here.store, here.paths, here.trainings)
            for key in [key for key in st.session_state if key not in ("page", "visit")]:
                del st.session_state[key]
            clear_studio()
            st.session_state["erase_turn"] = turn + 1
            select_project(None)
            _show_after_rerun(t("Everything was deleted: {report}.", report=erased.text))


def _show_after_rerun(text: str) -> None:
    st.session_state["erased"] = text
    st.rerun()


page()
