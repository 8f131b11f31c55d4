"""Export: models and the project's data, exported and imported."""

import re
from typing import Any

import streamlit as st

from core.exchange import model_files
from core.gestures.labels import safe_label
from core.gestures.modelfile.bundle import BESIDE, SUFFIX, check_bundle
from core.gestures.modelfile.gesture_model import GestureModel
from core.pose.skeletons.skeleton import BODY, HAND, PAIR
from core.pose.skeletons.table import skeleton_named
from core.recording.imports.uploads import temporary_upload
from core.store import Project
from core.words import Words, join_words, mark, words
from pages.panels.controls import download_button, upload_field
from pages.panels.language import t
from pages.panels.layout import show_errors, show_tabs
from pages.panels.live.models import model_changed_at, pick_model
from pages.panels.project.data import show_data_exchange
from pages.panels.project.projects import pick_project
from pages.panels.resources import studio, visitor_folder

_TEST_VECTORS = {
    HAND: mark("{n} test hands"),
    PAIR: mark("{n} test pairs of hands"),
    BODY: mark("{n} test bodies"),
}


def page() -> None:
    """Draw the page's open tab: export a model, import a model, or exchange data."""
    project = pick_project()
    contents = {
        t("📦 Export a model"): lambda: _draw_model_export(project),
        t("📥 Import a model"): lambda: _draw_model_import(project),
        t("🗂 Data"): lambda: show_data_exchange(studio().store, project),
    }
    show_tabs("export_tab", contents)


def _draw_model_export(project: Project) -> None:
    """Show a selector for a model, its test results, a download of its file and its model cards."""
    model = pick_model(project)
    if model is None:
        return
    names = st.toggle(
        t("With names"),
        True,
        key="export_names",
        persist_state="session",
        help=t("Names of the people who recorded, and of the files of their samples."),
    )
    with st.spinner(t("Writing and checking …")):
        made = _cached_export(str(model.path), model_changed_at(model.path), names, model)
    _show_test_vector_result(made.proof)
    name = model_files.name_model_file(project.name)
    label = t("Download {file}", file=name)
    download_button(label, made.content, name, icon="📦", type="primary")
    st.caption(
        t(
            "One file with the model, its card, test vectors and a predict.py that needs only "
            "numpy and onnxruntime."
        )
    )
    if made.motions_card:
        st.caption(
            t(
                "It contains still and moving gestures. Without Mudra, the moving ones are in its "
                "file `{file}`, which has the same format.",
                file=BESIDE,
            )
        )
    _show_model_cards(made.card, made.motions_card, expanded=True, key="card_given")


@st.cache_resource(show_spinner=False, max_entries=4)
def _cached_export(
    folder: str, changed_at: float, names: bool, _model: GestureModel
) -> model_files.ExportedModel:
    """Return the model's export file; cached per folder, change time and `names`."""
    return model_files.export_model_content(_model, studio().paths, names=names)


def _show_test_vector_result(proof: dict[str, Any]) -> None:
    """Show how many test vectors the checked model file reproduces, the largest difference, and a
    warning if its predict.py differs from Mudra's."""
    parts = [proof, *filter(None, [proof["motions"]])]
    worst, limit = max(part["worst_difference"] for part in parts), proof["tolerance"]
    tried = join_words(map(_count_test_vectors, parts), mark("{first} and {rest}"))
    st.success(t("File checked: answers match on {tests}.", tests=tried), icon="✅")
    if not all(part["known_predict"] for part in parts):
        text = t("Its predict.py differs from Mudra's own: read it before you run it.")
        st.warning(text, icon="⚠️")
    with st.expander(t("Details")):
        st.markdown(t("sha256 of the file: `{digest}`", digest=proof["sha256"]))
        st.markdown(t("largest difference {worst:.1e} (limit {limit:g})", worst=worst, limit=limit))


def _count_test_vectors(part: dict[str, Any]) -> Words:
    """Return the number of a model's test vectors and what they are."""
    n = len(part["differences"])
    if part["moving"]:
        return words("{n} test movements", n=n)
    return words(_TEST_VECTORS[skeleton_named(part["skeleton"]).title], n=n)


def _show_model_cards(card: str, motions_card: str, *, expanded: bool, key: str) -> None:
    """Show a model's card and, if any, its moving gestures' card, each in an expander."""
    with st.expander(t("Model card"), icon="📇", expanded=expanded, key=key):
        st.markdown(_lower_headings(card))
    if motions_card:
        title = t("Model card of the moving gestures")
        with st.expander(title, icon="🌀", key=f"{key}_motions"):
            st.markdown(_lower_headings(motions_card))


def _lower_headings(card: str) -> str:
    return re.sub("^#", "####", card, flags=re.MULTILINE)


def _draw_model_import(project: Project) -> None:
    """Draw the upload of a model file, its test results and cards, and the Add button."""
    turn = st.session_state.get("bundle_turn", 0)
    if added := st.session_state.pop("bundle_added", None):
        st.success(safe_label(t(added)), icon="✅")
        st.page_link("pages/live.py", label=t("See it live"), icon="✨")
    file = upload_field(
        ["models"],
        t("A model file ({suffix})", suffix=SUFFIX),
        [SUFFIX],
        key=f"bundle_{turn}",
        help=t("It is checked before use. Its predict.py is never run here."),
    )
    if file is None:
        st.caption(t("The model is added to this project, to be selected on Live and Files."))
        return
    upload = temporary_upload(file.name, file.getvalue(), visitor_folder())
    with show_errors(), upload as path:
        bundle = check_bundle(path)
        _show_test_vector_result(model_files.describe_proof(bundle, studio().paths))
        use = st.checkbox(t("Use it in this project from now on"), True, key="bundle_use")
        label = t("Add to {project}", project=safe_label(project.name))
        if st.button(label, icon="➕", type="primary"):
            model_files.import_model(studio().store, studio().paths, project, path, use=use)
            st.session_state["bundle_added"] = words(
                "{file}: model added to “{project}”.", file=file.name, project=project.name
            )
            st.session_state["bundle_turn"] = turn + 1
            st.rerun()
        st.caption(t("From its maker:"))
        motions = "" if bundle.motions is None else model_files.create_card(bundle.motions.model)
        _show_model_cards(
            model_files.create_card(bundle.model), motions, expanded=False, key="card_came"
        )


page()
