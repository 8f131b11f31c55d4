"""The Export page without a browser: a model given away, a model taken in."""

import shutil

import pytest

from core.exchange.model_files import export_model
from core.gestures.modelfile.gesture_model import GestureModel
from core.paths import Paths
from core.training.runs import list_runs
from tests.pages.conftest import downloads, go, press, texts, unfold, upload
from tests.support.zips import zip_of

ODD = "<img src=x>**b** [x](http://x) $1$.gesture"


@pytest.fixture(scope="module")
def starter_file(tmp_path_factory):
    """The content of the starter's bundle."""
    out = tmp_path_factory.mktemp("out") / "a.gesture"
    paths = Paths.find(tmp_path_factory.mktemp("home"))
    export_model(GestureModel.load(Paths.starter), out, paths)
    return out.read_bytes()


def test_the_starter_is_offered_checked_with_its_card_and_its_persons_names_as_one_wants(app):
    go(app, "export")
    assert not app.error
    assert "answers match on 16 test hands" in app.success[0].value
    assert "Download My-gestures.gesture" in downloads(app)
    said = texts(app)
    assert "Recognises 👍 thumbs" in said and "sha256 of the file" in said
    assert "#### Gesture model" in said and "Worst person: Coolmann2049" in said
    app.toggle(key="export_names").set_value(False).run()
    assert not app.exception
    assert "Worst person: person " in texts(app)
    assert "Worst person: Coolmann2049" not in texts(app)


def test_an_upload_is_checked_then_added_and_in_use(app, store, workspace, starter_file):
    unfold(go(app, "export"), "export_tab", "📥 Import a model")
    upload(app, (ODD, starter_file))
    assert len(app.success) == 1 and not list_runs(Paths.find(workspace).runs)
    press(app, "Add to")
    [run] = list_runs(Paths.find(workspace).runs)
    assert store.projects()[0].active_model == run.name
    assert "model added to" in texts(app)
    for page in ("live", "files", "train", "export"):
        assert not go(app, page).error, page
    chosen = app.selectbox(key=f"model_{store.projects()[0].id}")
    assert chosen.value == run.name


def test_refused_files_say_why_and_leave_nothing(app, workspace, starter_file):
    unfold(go(app, "export"), "export_tab", "📥 Import a model")
    for content, words in (
        (starter_file[:-100], "isn't a zip"),
        (zip_of({"../evil": b"x"}), "unsafe name"),
        (b"x" * (33 * 2**20), "the limit is"),
    ):
        upload(app, ("bad.gesture", content))
        assert words in app.error[0].value
        assert not [b for b in app.button if b.label.startswith("Add to")]
    assert not list_runs(Paths.find(workspace).runs)


@pytest.fixture
def both_kinds(trained_both, workspace):
    """The workspace, before the app opens it, with a project of both kinds of gestures."""
    shutil.copytree(trained_both, workspace, dirs_exist_ok=True)


def test_both_kinds_of_gestures_go_out_and_come_in_as_one_file(
    both_kinds, app, store, workspace, tmp_path
):
    go(app, "export")
    assert not app.error
    assert "answers match on 16 test hands and 16 test movements" in app.success[0].value
    said = texts(app)
    assert "It contains still and moving gestures" in said
    assert "16 frames of one movement" in said  # the card of those that move
    paths, out = Paths.find(workspace), tmp_path / "both.gesture"
    newest = max(list_runs(paths.runs), key=lambda run: run.name)
    export_model(GestureModel.load(newest.path), out, paths)
    unfold(app, "export_tab", "📥 Import a model")
    upload(app, ("both.gesture", out.read_bytes()))
    assert "16 test movements" in app.success[0].value
    assert "16 frames of one movement" in texts(app)
    press(app, "Add to")
    motions = GestureModel.load(paths.runs / store.project("People").active_model).motions
    assert [gesture.name for gesture in motions.gestures] == ["swipe_left", "swipe_right"]
