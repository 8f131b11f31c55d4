"""Files: what pictures and videos show, to see and to download."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.gestures.labels import safe_label
from core.gestures.modelfile.gesture_model import GestureModel
from core.offline.files import SUFFIXES, Read, read_file
from core.pose.skeletons import skeleton_named
from core.reading.keypoint_sources import KeypointSource
from pages.panels.camera.keypoints import pick_keypoints, pick_number, pick_view
from pages.panels.frame import errors_shown, studio, temporary_folder, wide_columns
from pages.panels.live.fitting import fitting
from pages.panels.live.models import pick_model
from pages.panels.live.results import show_read
from pages.panels.project.projects import pick_project
from pages.panels.uploads import upload_field
from pages.panels.visit import on_leaving


def page() -> None:
    """Files in at the top, what they show below, downloads at the end."""
    project = pick_project()
    left, right = wide_columns("files", 3, 2)
    with right:
        model = pick_model(project)
        number = pick_number("files_two_hands", project.skeleton)
        with st.expander("Keypoints and heatmaps", icon="🔥"):
            source = pick_keypoints("files", project)
            maps = pick_view("files") if source.is_net else "single"
        fits = fitting(model, source)
    with left:
        files = upload_field(
            ["pictures", "videos", "zips"],
            "Pictures, videos, or a zip of them",
            [s.strip(".") for s in SUFFIXES],
            accept_multiple_files=True,
            key="files_uploaded",
            help="JPEG, PNG or WEBP; videos of up to 10 minutes. They stay on the machine that "
            "runs Mudra and are forgotten when you leave.",
        )
    _forget_all_but({file.file_id for file in files})
    on_leaving("files", lambda: _forget_all_but(set()))
    if not files:
        st.info(
            "Drop pictures or videos into the field above: each comes back with its skeleton and "
            "gesture, and with a table of all of them.",
            icon="🖼",
        )
        return
    if model is None and skeleton_named(project.skeleton).is_hand:
        return
    show_read(_read_all(files, _Reading(fits, source, number, maps)), project, fits)


def _forget_all_but(file_ids: set[str]) -> None:
    """What was taken out of the field goes from memory and disk as well."""
    kept: dict[str, tuple[Any, Read]] = st.session_state.get("files_read", {})
    for file_id in kept.keys() - file_ids:
        kept.pop(file_id)[1].forget()


@dataclass(frozen=True)
class _Reading:
    """How files are read."""

    model: GestureModel | None
    source: KeypointSource
    hands: int
    maps: str

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for settings that give the same."""
        return (str(self.model.path) if self.model else "", self.source, self.hands, self.maps)


def _read_all(files: list[Any], how: _Reading) -> list[Read]:
    """Every file as it was read last, anew where it is to be read in another way."""
    kept: dict[str, tuple[Any, Read]] = st.session_state.setdefault("files_read", {})
    missing = [
        file for file in files if file.file_id not in kept or kept[file.file_id][0] != how.key
    ]
    bar = st.progress(0.0, "detecting") if missing else None
    for number, file in enumerate(missing):
        if file.file_id in kept:
            kept.pop(file.file_id)[1].forget()

        def progress(share: float, number: int = number, name: str = file.name) -> None:
            if bar is not None:
                title = f"reading {safe_label(name)} ({number + 1} of {len(missing)})"
                bar.progress((number + share) / len(missing), title)

        progress(0.0)
        with errors_shown():
            read = read_file(
                file.name,
                file.getvalue(),
                how.model,
                lambda: how.source.open(studio().paths, num_poses=how.hands),
                temporary_folder(),
                maps=how.maps,
                progress=progress,
            )
            kept[file.file_id] = (how.key, read)
    if bar is not None:
        bar.empty()
    return [kept[file.file_id][1] for file in files if file.file_id in kept]


page()
