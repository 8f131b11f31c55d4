"""A training that outlives its page, and is told within five seconds when it dies."""

import os
import re
import signal

import pytest
from playwright.sync_api import expect

from core.estimators import create_estimator
from core.media.pictures import read_picture
from core.paths import Paths
from core.pose.types import Frame
from core.recording.samples import make_sample
from core.store import Store
from core.training.runs import list_runs
from tests.browser.conftest import settled

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.usefixtures("weights_folder")]
WITHIN_MS = 5_000


@pytest.fixture
def project(workspace, weights_folder, shared_data):
    """A project of two gestures with a picture each, copied often enough to teach a net."""
    store = Store(Paths.find(workspace).database)
    made = store.create_project("Hands")
    session = store.start_session(made.id, store.ensure_person(made.id, "Ada").id, "test")
    with create_estimator("mediapipe-hands", weights_folder) as hands:
        for gesture in [g for g in store.gestures(made.id) if g.name in ("fist", "ok")]:
            for photo in sorted((shared_data / "hand_images/didi" / gesture.name).iterdir())[:3]:
                frame = Frame(read_picture(photo), source=photo.name)
                estimate = hands.estimate_still(frame.rgb)
                sample = make_sample(frame, estimate.poses[0], estimate)
                store.add_samples(store.start_recording(session, gesture.id), [sample] * 8)
    store.close()
    return made


def test_a_net_s_training_is_found_again_and_its_death_is_told(look, films, workspace, project):
    with look(films("fist")) as page:
        page.goto("/train?project=Hands")
        page.get_by_text("The keypoint net").click()
        page.get_by_role("button", name="Fine-tune").click()
        expect(page.get_by_text("training cpm.my_hand")).to_be_visible(timeout=60_000)
        page.reload()
        expect(page.get_by_text("training cpm.my_hand")).to_be_visible()
        other = page.context.new_page()
        page.close()
        other.goto("/train?project=Hands")
        expect(other.get_by_text("training cpm.my_hand")).to_be_visible(timeout=30_000)
        [run] = list_runs(Paths.find(workspace).net_runs)
        assert run.status() == "running"
        os.kill(run.about()["pid"], signal.SIGKILL)
        told = other.get_by_text(re.compile("The training of cpm.my_hand ended early: Mudra was"))
        expect(told).to_be_visible(timeout=WITHIN_MS)
        settled(other)
        expect(other.get_by_role("button", name="Fine-tune")).to_be_visible()
