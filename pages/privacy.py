"""Privacy: where pictures go, what is kept, what others would send, and the way to be rid of it."""

import streamlit as st

from core.admin.erasing import (
    WORD,
    empty_bin_here,
    erase_everything,
    forget_pictures_here,
    kept_here,
)
from core.admin.privacy import senders, who_can_open
from core.gestures.labels import safe_label
from core.store import Project
from pages.panels.camera.stream import RTC_CONFIGURATION
from pages.panels.layout import show_errors, show_table
from pages.panels.project.data import delete_prepared_download
from pages.panels.project.projects import pick_project
from pages.panels.resources import clear_studio, studio
from pages.panels.visit import select_project


def page() -> None:
    """What is so, then what can be done."""
    project = pick_project()
    if message := st.session_state.pop("erased", None):
        st.success(safe_label(message), icon="✅")
    st.markdown(
        "Your camera's pictures go from your browser to the machine that runs Mudra, and no "
        "further; where keypoints are found in the browser (in the camera's settings), not even "
        "there, but for the crops of what you record. A picture is analysed and forgotten; only "
        "what you record is kept."
    )
    st.markdown(
        safe_label(who_can_open(st.get_option("server.address"), login=bool(studio().paths.owner)))
    )
    _show_stored_data()
    _show_keypoints_only(project)
    _show_network_clients()
    _show_bin(project)
    _show_erase_form()


def _show_stored_data() -> None:
    st.subheader("What is kept, and where", anchor=False)
    found = kept_here(studio().store, studio().paths)
    show_table(
        {
            "What": [one.what for one in found],
            "Where": [str(one.path) for one in found],
            "Size": [f"{one.bytes / 2**20:,.1f}\u00a0MB" for one in found],
            "Deleted": [one.goes_with for one in found],
        }
    )
    st.caption(
        "Of each recorded frame: the keypoints, a crop of the hand or body 256 pixels wide unless "
        "the project keeps keypoints only, and when, by whom and with what it was taken."
    )


def _show_keypoints_only(project: Project) -> None:
    st.subheader("Keypoints only", anchor=False)
    if project.keypoints_only:
        st.success(
            "This project keeps keypoints only: no picture is stored, whether you record, "
            "upload or import.",
            icon="✅",
        )
        return
    st.markdown(
        "A project can do without pictures: tick *Store keypoints only* in *New project*, "
        "or forget the pictures of this one. Training needs the keypoints alone."
    )
    with st.popover("Forget this project's pictures", icon="🫥"):
        st.markdown(
            "Its pictures are deleted for good, those in the bin, too, and no new ones are "
            "kept. Keypoints, trainings and models stay."
        )
        if st.button("Forget the pictures", type="primary", key="forget"):
            with show_errors():
                count = forget_pictures_here(studio().store, studio().paths, project)
                delete_prepared_download()
                _show_after_rerun(
                    f"{count:,} pictures are deleted; the project keeps keypoints only."
                )


def _show_network_clients() -> None:
    st.subheader("What the libraries would send", anchor=False)
    found = senders(
        usage_statistics=bool(st.get_option("browser.gatherUsageStats")),
        server_address=st.get_option("server.address"),
        ice_servers=RTC_CONFIGURATION.get("iceServers"),
    )
    for one in found:
        state = "✅ off by" if one.is_off else "⚠️ **on**; off would be"
        st.markdown(f"- **{one.library}** {one.would}: {state} {one.off_by}.")
    st.caption(
        "Mudra sends nothing by itself: models are fetched when you run `make setup` or `weights "
        "fetch`, and gestures are told to other programs when you switch that on, on *Live*."
    )


def _show_bin(project: Project) -> None:
    st.subheader("The bin", anchor=False)
    st.caption(
        "What you delete lies in the bin until you empty it, and can be restored on *Review*. So "
        "does what was cut off recordings of gestures that move, up to a second on each side."
    )
    with st.popover("Empty the bin", icon="🗑️"):
        st.markdown(
            "Deleted samples, gestures, persons and projects go for good, those of all "
            "projects; what was done before can't be undone any more."
        )
        if st.button("Empty the bin for good", type="primary", key="empty_bin"):
            with show_errors():
                gone = empty_bin_here(studio().store, studio().paths)
                told = ", ".join(f"{count:,} {what}" for what, count in gone.items() if count)
                _show_after_rerun(f"Deleted for good: {told or 'nothing, the bin was empty'}.")


def _show_erase_form() -> None:
    st.subheader("Delete everything", anchor=False)
    for_all = "and temporary files on this machine, for good and for everybody who uses this studio"
    whose = "for good; those of others who log in stay" if studio().paths.owner else for_all
    st.markdown(
        f"All projects, samples, pictures, trainings, models, nets of your own {whose}. Recordings "
        "and trainings end. The shipped models stay."
    )
    turn = st.session_state.get("erase_turn", 0)
    word = st.text_input(f"Type {WORD} to say that you mean it", key=f"erase_{turn}", width=320)
    meant = word.strip() == WORD
    if st.button("Delete everything", icon="🔥", disabled=not meant, key="erase"):
        with show_errors(), st.spinner("Deleting …"):
            here = studio()
            erased = erase_everything(here.store, here.paths, here.trainings)
            for key in [key for key in st.session_state if key not in ("page", "visit")]:
                del st.session_state[key]
            clear_studio()
            st.session_state["erase_turn"] = turn + 1
            select_project(None)
            _show_after_rerun(f"Everything is deleted: {erased.text}.")


def _show_after_rerun(text: str) -> None:
    st.session_state["erased"] = text
    st.rerun()


page()
