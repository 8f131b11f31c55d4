"""A project of still gestures and moving ones is given away as one file: both kinds come along,
are proved, and are at work where the file is taken in."""

import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.errors import ArchiveError, ModelError
from core.exchange.model_files import (
    create_card,
    describe_proof,
    export_model,
    export_model_content,
    import_model,
)
from core.gestures.modelfile.bundle import (
    BESIDE,
    MEMBERS,
    check_bundle,
    load_model,
    read_bundle,
    write_bundle,
)
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.windows import clip_to_window
from core.jobs.active_model import active_model
from core.paths import Paths
from core.store import Store
from tests.support.performances import frames_of, made, performed
from tests.support.zips import members_of, zip_of

STILL, MOVING = ["thumbs_up", "fist", "open_palm"], ["swipe_left", "swipe_right"]


@pytest.fixture(scope="module")
def paths(trained_both, tmp_path_factory) -> Paths:
    folder = tmp_path_factory.mktemp("home") / "workspace"
    return Paths.find(Path(shutil.copytree(trained_both, folder)))


@pytest.fixture(scope="module")
def model(paths) -> GestureModel:
    with closing(Store(paths.database)) as store:
        return GestureModel.load(active_model(paths, store.project("People")).folder)


@pytest.fixture(scope="module")
def file(model, paths, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("out") / "both.gesture"
    export_model(model, out, paths)
    return out


def test_both_kinds_are_in_the_one_file_and_each_is_proved(paths, file):
    assert set(members_of(file)) == {*MEMBERS, BESIDE}
    proof = describe_proof(check_bundle(file), paths)
    beside = proof["motions"]
    assert (proof["gestures"], beside["gestures"]) == (STILL, MOVING)
    assert (proof["moving"], beside["moving"], beside["motions"]) == (False, True, None)
    assert proof["known_predict"] and beside["known_predict"]
    assert len(beside["differences"]) == 16 and beside["worst_difference"] <= 1e-4
    assert proof["members"][BESIDE] == beside["sha256"]


def test_both_kinds_are_at_work_where_the_file_is_taken_in(model, file, tmp_path):
    theirs = Paths.find(tmp_path / "theirs")
    with closing(Store(theirs.database)) as store:
        taken = import_model(store, theirs, "Theirs", file, use=True)
        came = GestureModel.load(active_model(theirs, store.project("Theirs")).folder)
    assert came.path == taken.path
    assert (came.onnx, came.motions.onnx) == (model.onnx, model.motions.onnx)
    for one in (came, load_model(file)):  # and so wherever the file itself is named
        parts = ("rest", "swipe_left", "rest", "swipe_right", "rest")
        told = made(one, frames_of(*parts))
        assert [motion.event.gesture.name for _, motion in told] == MOVING
        assert [motion.number for _, motion in told] == [len(STILL) + 1, len(STILL) + 2]
    again = tmp_path / "again.gesture"
    export_model(came, again, theirs)
    assert [g.name for g in load_model(again).motions.gestures] == MOVING


def test_the_inner_file_is_one_of_its_own(file, tmp_path):
    (tmp_path / BESIDE).write_bytes(members_of(file)[BESIDE])
    theirs = Paths.find(tmp_path / "theirs")
    with closing(Store(theirs.database)) as store:
        taken = import_model(store, theirs, "Theirs", tmp_path / BESIDE)
    seen = performed("swipe_right", np.random.default_rng(9))
    window = clip_to_window(seen.keypoints, seen.times_s)[None]
    alone = GestureModel.load(taken.path)
    assert alone.gestures[alone.predict(window, np.ones(1, bool))[0].argmax()].name == MOVING[1]


def test_each_card_names_its_own_and_tells_where_it_comes_from(model, paths):
    given = export_model_content(model, paths)
    assert "Gestures that move have a model and a card of their own" in given.card
    assert "swipe" in create_card(model).split("##")[0]
    assert "16 frames of one movement" in given.motions_card
    assert "Ada" in given.motions_card
    assert "**Source**: not known" not in given.motions_card
    origins = [
        one.split("**Source**")[1].splitlines()[0] for one in (given.card, given.motions_card)
    ]
    assert origins == [r": import people\.csv (225)", ": test (6)"]  # each its own samples
    assert "**Samples**: 225 " in given.card and "**Samples**: 6 " in given.motions_card


def test_names_are_left_out_of_both(model, paths, tmp_path):
    for names in (True, False):
        out = tmp_path / f"{names}.gesture"
        export_model(model, out, paths, names=names)
        outer = members_of(out)
        (tmp_path / BESIDE).write_bytes(outer.pop(BESIDE))
        for members in (outer, members_of(tmp_path / BESIDE)):
            told = [name for name, content in members.items() if b"Ada" in content]
            known = names and members is not outer  # she has shown nothing still
            assert told == (["CARD.md", "metadata.json"] if known else [])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda members: members.pop(BESIDE), "altered after its export.*motions.gesture"),
        (lambda members: members.update({BESIDE: members[BESIDE] + b"x"}), "altered|isn't a zip"),
        (lambda members: members.update({BESIDE: b"x"}), "isn't a zip"),
        (lambda members: members.update({"other.gesture": b"x"}), "unexpected member"),
    ],
)
def test_a_spoilt_inner_file_is_found(file, tmp_path, change, words):
    members = members_of(file)
    change(members)
    (tmp_path / "bad.gesture").write_bytes(zip_of(members))
    with pytest.raises((ArchiveError, ModelError), match=words):
        read_bundle(tmp_path / "bad.gesture")


def test_files_that_do_not_go_together_are_refused(starter, model, paths, file, tmp_path):
    moving = tmp_path / BESIDE
    moving.write_bytes(members_of(file)[BESIDE])
    arms = tmp_path / "arms.gesture"
    export_model(GestureModel.load(paths.arms), arms, paths)
    still = tmp_path / "still.gesture"
    export_model(starter, still, paths)
    for outer, inner in ((still, still), (moving, moving), (arms, moving), (still, file)):
        bundle = check_bundle(outer)
        with pytest.raises(ModelError, match="goes with a model of still gestures alone"):
            write_bundle(
                bundle.model,
                tmp_path / "out.gesture",
                bundle.inputs,
                card="",
                predict="",
                beside=inner.read_bytes(),
            )
        assert not (tmp_path / "out.gesture").exists()
