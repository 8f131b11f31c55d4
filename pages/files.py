"""Files: gestures in pictures and videos, annotated, with downloads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.gestures.labels import ARM_POSES, DEFAULT_GESTURES, NONE, safe_label
from core.gestures.modelfile.gesture_model import GestureModel
from core.offline.files import (
    SUFFIXES,
    FileResult,
    UploadResult,
    tabulate_hands,
    zip_pictures,
)
from core.pose.skeletons.skeleton import BODY, HAND, PAIR
from core.pose.skeletons.table import Skeleton, skeleton_named
from core.store import Project
from core.words import mark, words
from pages.panels.camera.keypoints import pick_heatmap_view, pick_keypoints, pick_max_poses
from pages.panels.controls import download_button, upload_field
from pages.panels.language import t
from pages.panels.layout import list_skipped, show_errors, stacking_columns
from pages.panels.live.models import model_for_keypoints, pick_model
from pages.panels.progress import read_cached_upload
from pages.panels.project.projects import pick_project
from pages.panels.visit import drop_cached_except

COLUMNS, FIRST_SHOWN, MAX_SKIPPED_SHOWN = 3, 12, 200
HALF_SEEN = mark("half of the body is out of the picture")
EMOJI = {gesture.name: gesture.emoji for gesture in (*ARM_POSES, *DEFAULT_GESTURES)}


@dataclass(frozen=True)
class _Texts:
    """What the page says of one kind of skeleton."""

    counts: str
    frames: str
    percent: str
    nothing: str
    unnamed: str


_TEXTS = {
    HAND: _Texts(
        mark("**{read}** read · **{skipped}** skipped · **{found}** hands"),
        mark("{n} frames, a hand in {found}"),
        mark("{percent} of hands"),
        mark("no hand"),
        mark("a hand"),
    ),
    PAIR: _Texts(
        mark("**{read}** read · **{skipped}** skipped · **{found}** pairs of hands"),
        mark("{n} frames, a pair of hands in {found}"),
        mark("{percent} of pairs of hands"),
        mark("no pair of hands"),
        mark("a pair of hands"),
    ),
    BODY: _Texts(
        mark("**{read}** read · **{skipped}** skipped · **{found}** bodies"),
        mark("{n} frames, a body in {found}"),
        mark("{percent} of bodies"),
        mark("no body"),
        mark("a body"),
    ),
}


def page() -> None:
    """Draw the page: upload, model and estimator choices, and the results of the uploaded files."""
    project = pick_project()
    left, right = stacking_columns("files", 3, 2)
    with right:
        model = pick_model(project)
        number = pick_max_poses("files_two_hands", project.skeleton)
        with st.expander(t("Keypoints and heatmaps"), icon="🔥"):
            source = pick_keypoints("files", project)
            maps = pick_heatmap_view("files") if source.is_net else "single"
        fits = model_for_keypoints(model, source)
    with left:
        files = upload_field(
            ["pictures", "videos", "zips"],
            t("Pictures, videos, or a zip of them"),
            SUFFIXES,
            accept_multiple_files=True,
            key="files_uploaded",
            help=t(
                "JPEG, PNG or WEBP; videos of up to 10 minutes. They stay on the machine that runs "
                "Mudra and are deleted when you leave the page."
            ),
        )
    drop_cached_except("files_", [f"files_{file.file_id}" for file in files])
    if not files:
        st.info(
            t(
                "Drop pictures or videos into the field above to see their skeletons and gestures, "
                "and to download a table of them."
            ),
            icon="🖼",
        )
        return
    if model is None and skeleton_named(project.skeleton).is_hand:
        return
    show_file_results(_read_uploads(files, fits, source, number, maps), project, fits)


def _read_uploads(files: list[Any], *settings: Any) -> list[UploadResult]:
    """Analyse each uploaded file, cached per file and settings; show errors of failed files."""
    reads = []
    for number, file in enumerate(files, 1):
        title = t(
            "reading {file} ({number} of {n})",
            file=safe_label(file.name),
            number=number,
            n=len(files),
        )
        with show_errors():
            reads.append(read_cached_upload(f"files_{file.file_id}", file, title, *settings))
    return reads


def show_file_results(
    uploads: Sequence[UploadResult], project: Project, model: GestureModel | None
) -> None:
    """Show counts of analysed and skipped files, downloads, then videos and pictures."""
    seen = [one for read in uploads for one in read.files]
    pictures = [one for one in seen if one.video is None]
    refused = [refusal for read in uploads for refusal in read.skipped]
    emoji = EMOJI | {gesture.name: gesture.emoji for gesture in (model.gestures if model else ())}
    skeleton, found = skeleton_named(project.skeleton), sum(one.hands for one in seen)
    counts = _TEXTS[skeleton.title].counts
    st.markdown(t(counts, read=len(seen), skipped=len(refused), found=found))
    if refused:
        title = t("Skipped ({n}), and why", n=len(refused))
        with st.expander(title, icon="⚠️", expanded=not seen):
            list_skipped(refused, MAX_SKIPPED_SHOWN)
    if seen:
        _draw_file_downloads(seen, pictures)
    for one in seen:
        if one.video is not None:
            _show_video_result(one, one.video, emoji, skeleton)
    _show_picture_results(pictures, emoji, skeleton)


def _draw_file_downloads(results: list[FileResult], pictures: list[FileResult]) -> None:
    """Draw the downloads: a CSV table of all hands, and a zip of the annotated pictures."""
    with st.container(horizontal=True):
        table = tabulate_hands(results).to_csv(index=False)
        download_button(t("Table (CSV)"), table, "gestures.csv", icon="📄")
        if pictures:
            title = t("Annotated pictures (zip)")
            download_button(title, lambda: zip_pictures(pictures), "annotated.zip", icon="🖼")


def _show_video_result(
    result: FileResult, video: Path, emoji: dict[str, str], skeleton: Skeleton
) -> None:
    """Show an annotated video, the fraction of hands per gesture, and its download."""
    st.subheader(safe_label(result.name), anchor=False)
    left, right = st.columns([3, 2], gap="large")
    left.video(str(video), format="video/webm")
    with right:
        if result.damage:
            st.warning(t("Only {damage}.", damage=result.damage), icon="⚠️")
        found = sum(1 for record in result.records if record["hands"])
        texts = _TEXTS[skeleton.title]
        st.caption(t(texts.frames, n=len(result.records), found=found))
        for name, share in result.gesture_fractions.items():
            percent = f"{share:.0%}" if share >= 0.01 else words("under 1%")
            of = t(texts.percent, percent=percent)
            st.progress(share, f"{emoji.get(name, '')} {safe_label(name)} · {of}")
        title, key = t("Annotated video (WebM)"), f"video_{video.stem}"
        download_button(title, video.read_bytes, "annotated.webm", icon="🎞", key=key)


def _show_picture_results(
    pictures: list[FileResult], emoji: dict[str, str], skeleton: Skeleton
) -> None:
    """Show annotated pictures in rows of three with their gestures, and a Show more button."""
    shown = st.session_state.get("files_shown", FIRST_SHOWN)
    for row in range(0, min(shown, len(pictures)), COLUMNS):
        for column, one in zip(st.columns(COLUMNS), pictures[row : row + COLUMNS], strict=False):
            column.image(one.jpeg, width="stretch", alt=t("The picture with what was found"))
            found = [_describe_hand(hand, emoji, skeleton) for hand in one.records[0]["hands"]]
            with column.container(gap=None):
                st.markdown(" · ".join(found) or t(_TEXTS[skeleton.title].nothing))
                st.caption(safe_label(one.name))
    left = len(pictures) - shown
    if left > 0 and st.button(t("Show more ({n} left)", n=left)):
        st.session_state["files_shown"] = shown + 4 * FIRST_SHOWN
        st.rerun()


def _describe_hand(hand: dict[str, Any], emoji: dict[str, str], skeleton: Skeleton) -> str:
    """Return a hand's or body's gesture with its confidence as Markdown, or “no gesture”."""
    if hand["gesture"] is None:
        return t(_TEXTS[skeleton.title].unnamed)
    if hand["rejected"] and hand["likeliest"] == NONE.name:
        return t("no gesture")
    if hand["rejected"]:
        likeliest = safe_label(hand["likeliest"])
        return t("no gesture (most like {gesture})", gesture=likeliest)
    name = hand["gesture"]
    half = f" · {t(HALF_SEEN)}" if hand.get("half") else ""
    return f"{emoji.get(name, '')} **{safe_label(name)}** {hand['probability']:.0%}{half}"


page()
