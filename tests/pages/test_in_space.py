"""A project whose keypoints are in space on every page: its samples and its model are shown, and
what can't be done with them is said."""

import numpy as np
import pytest

from core.depth.synthetic.render import render_hand
from core.jobs.trainings import train_here
from core.paths import Paths
from core.store import NewSample
from tests.pages.conftest import go, texts

EACH = 6


@pytest.fixture
def project(app, store, workspace):
    """The first visitor's project with rendered hands, and a model trained on them."""
    project = store.projects()[0]
    gestures = {gesture.name: gesture.id for gesture in store.gestures(project.id)}
    session = store.start_session(project.id, store.ensure_person(project.id, "Ada").id, "depth")
    for gesture, name in enumerate(("fist", "open_palm")):
        burst = store.start_recording(session, gestures[name])
        hands = [render_hand(gesture, n).joints_mm("hand_21") for n in range(EACH)]
        store.add_samples(burst, [sample(hand.astype(np.float32)) for hand in hands])
    paths = Paths.find(workspace)
    result, _ = train_here(store, paths, project.name, epochs=1, progress=lambda *_: None)
    assert result.model is not None
    return project


def sample(keypoints):
    return NewSample(
        keypoints, np.ones(21, np.float32), "depth", False, "a net of depth", space="millimetres"
    )


@pytest.mark.parametrize(
    "page",
    ["studio", "record", "gestures", "review", "train", "live", "files", "heatmaps", "depth"],
)
def test_the_page_opens(app, project, page):
    go(app, page)
    assert not app.error


def test_export_says_that_there_is_no_file_of_such_a_model_yet(app, project):
    go(app, "export")
    assert "keypoints in space" in texts(app)
