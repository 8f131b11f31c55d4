"""Export: models and the project's data, exported and imported."""

import re
from typing import Any

import streamlit as st

from core.exchange import model_files
from core.gestures.labels import safe_label
from core.gestures.modelfile.bundle import BESIDE, SUFFIX, check_bundle
from core.gestures.modelfile.gesture_model import GestureModel
from core.pose.skeletons.table import skeleton_named
from core.recording.imports.uploads import temporary_upload
from core.store import Project
from pages.panels.controls import download_button, upload_field
from pages.panels.layout import show_errors, show_tabs
from pages.panels.live.models import model_changed_at, pick_model
from pages.panels.project.data import show_data_exchange
from pages.panels.project.projects import pick_project
from pages.panels.resources import studio, visitor_folder


def page() -> None:
    """Draw the page's open tab: export a model, import a model, or exchange data."""
    project = pick_project()
    contents = {
        "📦 Export a model": lambda: _draw_model_export(project),
        "📥 Import a model": lambda: _draw_model_import(project),
        "🗂 Data": lambda: show_data_exchange(studio().store, project),
    }
    show_tabs("export_tab", contents)


def _draw_model_export(project: Project) -> None:
    """Show a selector for a model, its test results, a download of its file and its model cards."""
    model = pick_model(project)
    if model is None:
        return
    names = st.toggle(
        "With names",
        True,
        key="export_names",
        persist_state="session",
        help="Names of the people who recorded, and of the files of their samples.",
    )
    with st.spinner("Writing and checking …"):
        made = _cached_export(str(model.path), model_changed_at(model.path), names, model)
    _show_test_vector_result(made.proof)
    name = model_files.name_model_file(project.name)
    download_button(f"Download {name}", made.content, name, icon="📦", type="primary")
    st.caption(
        "One file with the model, its card, test vectors and a predict.py that needs only numpy "
        "and onnxruntime."
    )
    if made.motions_card:
        st.caption(
            "It contains still and moving gestures. Without Mudra, the moving ones are in its file "
            f"`{BESIDE}`, which has the same format."
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
    kinds = ["movements" if p["moving"] else skeleton_named(p["skeleton"]).titles for p in parts]
    counts = [len(part["differences"]) for part in parts]
    tried = " and ".join(f"{n} test {kind}" for n, kind in zip(counts, kinds, strict=True))
    st.success(f"File checked: answers match on {tried}.", icon="✅")
    if not all(part["known_predict"] for part in parts):
        st.warning("Its predict.py differs from Mudra's own: read it before you run it.", icon="⚠️")
    with st.expander("Details"):
        st.markdown(f"sha256 of the file: `{proof['sha256']}`")
        st.markdown(f"largest difference {worst:.1e} (limit {limit:g})")


def _show_model_cards(card: str, motions_card: str, *, expanded: bool, key: str) -> None:
    """Show a model's card and, if any, its moving gestures' card, each in an expander."""
    with st.expander("Model card", icon="📇", expanded=expanded, key=key):
        st.markdown(_lower_headings(card))
    if motions_card:
        with st.expander("Model card of the moving gestures", icon="🌀", key=f"{key}_motions"):
            st.markdown(_lower_headings(motions_card))


def _lower_headings(card: str) -> str:
    return re.sub("^#", "####", card, flags=re.MULTILINE)


def _draw_model_import(project: Project) -> None:
    """Draw the upload of a model file, its test results and cards, and the Add button."""
    turn = st.session_state.get("bundle_turn", 0)
    if added := st.session_state.pop("bundle_added", None):
        st.success(safe_label(added), icon="✅")
        st.page_link("pages/live.py", label="See it live", icon="✨")
    file = upload_field(
        ["models"],
        f"A model file ({SUFFIX})",
        [SUFFIX],
        key=f"bundle_{turn}",
        help="It is checked before use. Its predict.py is never run here.",
    )
    if file is None:
        st.caption("The model is added to this project, to be selected on Live and Files.")
        return
    upload = temporary_upload(file.name, file.getvalue(), visitor_folder())
    with show_errors(), upload as path:
        bundle = check_bundle(path)
        _show_test_vector_result(model_files.describe_proof(bundle, studio().paths))
        use = st.checkbox("Use it in this project from now on", True, key="bundle_use")
        if st.button(f"Add to {safe_label(project.name)}", icon="➕", type="primary"):
            model_files.import_model(studio().store, studio().paths, project, path, use=use)
            st.session_state["bundle_added"] = f"{file.name}: model added to “{project.name}”."
            st.session_state["bundle_turn"] = turn + 1
            st.rerun()
        st.caption("From its maker:")
        motions = "" if bundle.motions is None else model_files.create_card(bundle.motions.model)
        _show_model_cards(
            model_files.create_card(bundle.model), motions, expanded=False, key="card_came"
        )


page()
