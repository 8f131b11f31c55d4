"""Export: models to export and to import, and the project's data."""

from typing import Any

import streamlit as st

from core.exchange.model_files import (
    ExportedModel,
    create_card,
    describe_proof,
    export_model_content,
    import_model,
    name_model_file,
)
from core.gestures.labels import safe_label
from core.gestures.modelfile.bundle import BESIDE, SUFFIX, check_bundle
from core.gestures.modelfile.gesture_model import GestureModel
from core.pose.skeletons.table import skeleton_named
from core.recording.imports.uploads import temporary_upload
from core.store import Project
from pages.panels.controls import upload_field
from pages.panels.layout import show_errors
from pages.panels.live.models import model_changed_at, pick_model
from pages.panels.project.data import show_data_exchange
from pages.panels.project.projects import pick_project
from pages.panels.resources import studio, visitor_folder


def page() -> None:
    """A model out, a model in, the data."""
    project = pick_project()
    shown = {
        "📦 Export a model": _export_model,
        "📥 Import a model": _import_model,
        "🗂 Data": lambda project: show_data_exchange(studio().store, project),
    }
    tabs = st.tabs(list(shown), key="export_tab", on_change="rerun")
    for tab, show in zip(tabs, shown.values(), strict=True):
        if tab.open:  # what a tab shows is made when it is opened: the page stands sooner
            with tab, show_errors():
                show(project)


def _export_model(project: Project) -> None:
    model = pick_model(project)
    if model is None:
        return
    names = st.toggle(
        "With names",
        True,
        key="export_names",
        persist_state="session",
        help="Of the persons who recorded, and of the files that their samples came from.",
    )
    with st.spinner("Writing and checking …"):
        made = _cached_export(str(model.path), model_changed_at(model.path), names, model)
    _show_proof(made.proof)
    st.download_button(
        f"Download {name_model_file(project.name)}",
        made.content,
        name_model_file(project.name),
        "application/zip",
        icon="📦",
        type="primary",
        on_click="ignore",
    )
    st.caption(
        "One file with the model, its card, test vectors and a predict.py that needs numpy "
        "and onnxruntime alone."
    )
    if made.motions_card:
        st.caption(
            "It holds both kinds of gestures, and whoever takes it in has both. Without Mudra, "
            f"those that move are in `{BESIDE}` in it: a file of the same kind."
        )
    _show_model_cards(made.card, made.motions_card, expanded=True, key="card_given")


@st.cache_resource(show_spinner=False, max_entries=4)
def _cached_export(
    folder: str, changed_at: float, names: bool, _model: GestureModel
) -> ExportedModel:
    """The file, kept while the model stays the same."""
    return export_model_content(_model, studio().paths, names=names)


def _show_proof(proof: dict[str, Any]) -> None:
    parts = [proof, *filter(None, [proof["motions"]])]
    worst, limit = max(part["worst_difference"] for part in parts), proof["tolerance"]
    tried = " and ".join(map(_describe_tests, parts))
    st.success(f"Checked: {tried} are answered as they must be.", icon="✅")
    if not all(part["known_predict"] for part in parts):
        st.warning(
            "Its predict.py is not the one that Mudra writes: read it before you run it.", icon="⚠️"
        )
    st.caption(
        f"sha256 of the file: `{proof['sha256']}` · worst difference {worst:.1e}, at most "
        f"{limit:g} is allowed"
    )


def _describe_tests(proof: dict[str, Any]) -> str:
    of = "movements" if proof["moving"] else skeleton_named(proof["skeleton"]).titles
    return f"{len(proof['differences'])} test {of}"


def _show_model_cards(card: str, motions_card: str, *, expanded: bool, key: str) -> None:
    """The model's card, and that of the moving gestures beside it."""
    with st.expander("Model card", icon="📇", expanded=expanded, key=key):
        _show_card(card)
    if motions_card:
        of_motions = "Model card of the gestures that move"
        with st.expander(of_motions, icon="🌀", key=f"{key}_motions"):
            _show_card(motions_card)


def _show_card(card: str) -> None:
    """The card, its headings below the page's."""
    lines = [f"###{line}" if line.startswith("#") else line for line in card.splitlines()]
    st.markdown("\n".join(lines))


def _import_model(project: Project) -> None:
    turn = st.session_state.get("bundle_turn", 0)
    if added := st.session_state.pop("bundle_added", None):
        st.success(safe_label(added), icon="✅")
        st.page_link("pages/live.py", label="See it live", icon="✨")
    file = upload_field(
        ["models"],
        f"A model that came as {SUFFIX}",
        [SUFFIX],
        key=f"bundle_{turn}",
        help="It is checked before anything of it is used. Its predict.py is never run here.",
    )
    if file is None:
        st.caption("The model becomes one of this project's, to be chosen on Live and Files.")
        return
    upload = temporary_upload(file.name, file.getvalue(), visitor_folder())
    with show_errors(), upload as path:
        bundle = check_bundle(path)
        _show_proof(describe_proof(bundle, studio().paths))
        use = st.checkbox("Use it in this project from now on", True, key="bundle_use")
        if st.button(f"Add to {safe_label(project.name)}", icon="➕", type="primary"):
            taken = import_model(studio().store, studio().paths, project, path, use=use)
            st.session_state["bundle_added"] = f"{file.name} is now a model of “{project.name}”."
            st.session_state["bundle_turn"] = turn + 1
            st.toast(f"Added as {taken.run.name}")
            st.rerun()
        st.caption("What its maker says of it:")
        motions = "" if bundle.motions is None else create_card(bundle.motions.model)
        _show_model_cards(create_card(bundle.model), motions, expanded=False, key="card_came")


page()
