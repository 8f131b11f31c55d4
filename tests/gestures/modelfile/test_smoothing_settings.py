"""Smoothing travels with a model."""

import json
import shutil

import pytest

from core.errors import ModelError
from core.gestures.modelfile.gesture_model import (
    METADATA,
    GestureModel,
    read_smoothing,
    save_smoothing,
)
from core.paths import Paths
from core.pose.smoothing import Smoothing


@pytest.fixture
def folder(tmp_path):
    """A model of one's own."""
    return shutil.copytree(Paths.starter, tmp_path / "model")


def test_without_a_word_a_model_enters_at_its_threshold(folder):
    model = GestureModel.load(folder)
    smoothing = read_smoothing(model)
    assert smoothing.enter == model.about.threshold
    assert smoothing.leave == pytest.approx(0.75 * model.about.threshold)
    assert read_smoothing(None) == Smoothing()


def test_what_is_kept_comes_back_and_nothing_else_changes(folder):
    before = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    wanted = Smoothing(False, 2.5, 0.1, 0.9, 0.3, 0.75)
    save_smoothing(folder, wanted)
    assert read_smoothing(GestureModel.load(folder)) == wanted
    after = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    assert after.pop("smoothing")["hold_s"] == 0.75
    before.pop("smoothing", None)
    assert after == before


def test_where_no_model_is_nothing_is_kept(tmp_path):
    with pytest.raises(ModelError, match="can't be saved"):
        save_smoothing(tmp_path, Smoothing())
    assert list(tmp_path.iterdir()) == []
