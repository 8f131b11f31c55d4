"""Gestures of both hands through the browser: a project about them, taught with keypoints found in
the browser, read with those found there and on the server."""

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from benchmarks.studio import start_camera
from core.paths import Paths
from core.store import Store
from core.weights.browser_files import is_ready
from tests.browser.conftest import begin_hold, card, kept, reads, settled, write_film
from tests.conftest import lacking
from tests.hands_together import both_hands

pytestmark = pytest.mark.browser
# what the project's gestures are shown as here: each hand's photo, the left one mirrored
SHOWN = {"open_hands": ("open_palm", "open_palm"), "heart_hands": ("open_palm", "fist")}
IN_BROWSER = "keypoints_found=in+this+browser"


@pytest.fixture(autouse=True)
def ready(weights_folder):
    if not is_ready(weights_folder):
        lacking(f"no files for a browser in {weights_folder}", "run `make setup`")


@pytest.fixture
def hands(shared_data, tmp_path):
    """hands(gesture): a film of a photo and a mirrored one side by side, moving a little."""

    def film(gesture):
        right, left = (
            cv2.imread(
                str(sorted((shared_data / "hand_images" / "hagrid_crops" / name).iterdir())[0])
            )
            for name in SHOWN[gesture]
        )
        path = tmp_path / f"{gesture}.y4m"
        write_film(path, [both_hands(right, left, by) for by in (0, 8, 16, 8)])
        return path

    return film


def test_gestures_of_both_hands_are_taught_and_read(look, hands, pictures, workspace):
    with look(hands("open_hands")) as page:
        page.goto(f"/?{IN_BROWSER}")
        settled(page)
        page.get_by_role("button", name="New", exact=True).click()
        page.get_by_label("Name", exact=True).fill("Pairs")
        page.get_by_text("Both hands", exact=True).click()
        page.get_by_role("button", name="Create").click()
        expect(card(page, "folded_hands")).to_be_visible()
        recorded(page, "open_hands")
        page.screenshot(path=pictures / "pairs_studio.png")
    with look(hands("heart_hands")) as page:
        page.goto(f"/?project=Pairs&{IN_BROWSER}")
        recorded(page, "heart_hands")
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text("held-out samples are right")).to_be_visible()
        page.goto(f"/live?project=Pairs&{IN_BROWSER}")
        page.get_by_role("button", name="START").click()
        reads(page, "heart_hands")
        page.screenshot(path=pictures / "pairs_live.png")
    with look(hands("open_hands")) as page:
        page.goto("/live?project=Pairs")
        start_camera(page)
        reads(page, "open_hands")
        page.screenshot(path=pictures / "pairs_live_server.png")
    store = Store(Paths.find(workspace).database)
    samples = store.samples(store.project("Pairs").id)
    store.close()
    assert {sample.estimator for sample in samples} == {"mediapipe-both-hands-web"}
    assert all(
        np.isfinite(sample.pose).all() and sample.pose.shape == (42, 2) for sample in samples
    )
    assert all(sample.crop_jpeg for sample in samples)


def recorded(page, gesture):
    """Start the camera and hold the button three times, once both hands are seen."""
    page.get_by_role("button", name="START").click()
    expect(page.locator("canvas[data-poses='2']")).to_be_visible()
    for _ in range(3):
        begin_hold(page, gesture, 6)
        page.mouse.up()
        assert kept(page, gesture) >= 6
