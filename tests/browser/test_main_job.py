"""The main job in a real browser: who has read nothing gets from START to a trained model of two
own gestures, by what is to be seen alone, and corrects it. The camera is a fake one that shows real
photos. Labels and counts are waited for; nothing is said about speed."""

import re

import cv2
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import go, hold, offered, reads, settled, stored, undo_here, write_film
from tests.support.studio import camera_button, on_screen, start_camera

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]
MOST_CLICKS = 8


class Newcomer:
    """Whoever presses what a button says; the presses are counted."""

    def __init__(self, page):
        self.page, self.clicks = page, 0

    def click(self, target):
        target.click()
        self.clicks += 1

    def add_gesture(self, name):
        self.click(self.page.get_by_role("button", name=re.compile("Add a gesture")))
        field = self.page.get_by_label("Name", exact=True)
        field.fill(name)
        field.press("Enter")

    def hold(self, name):
        """Until the card counts enough samples."""
        self.clicks += 1
        hold(self.page, name, 10)


def test_from_start_to_a_trained_model_of_two_own_gestures_that_is_corrected_on_live(
    look, two_signs, workspace
):
    with look(two_signs) as page:
        newcomer = Newcomer(page)
        page.goto("/")
        settled(page)
        newcomer.click(camera_button(page, "start"))
        for name in ("yes", "stop"):
            newcomer.add_gesture(name)
        for own, shown in (("yes", "thumbs_up"), ("stop", "open_palm")):
            reads(page, shown)  # by the starter model: the camera shows it now
            newcomer.hold(own)
        newcomer.click(page.get_by_role("button", name="Train", exact=True))
        expect(page.get_by_text(re.compile(r"model trained at \d\d:\d\d", re.I))).to_be_visible()
        for own in ("yes", "stop"):
            reads(page, own)
        assert newcomer.clicks <= MOST_CLICKS
        go(page, "Live")
        expect(page.get_by_label("Model")).to_have_value(re.compile(r"^My model, today \d\d:\d\d"))
        reads(page, "yes")
        _correct_the_last_second(page, workspace)


def _correct_the_last_second(page, workspace):
    page.get_by_text("Compare raw and smoothed").click()
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    before = stored(workspace, "fist")
    page.get_by_role("button", name="That was wrong").click()
    frozen = page.locator(".st-key-correction")
    expect(frozen.get_by_text("What was it?")).to_be_visible()
    expect(frozen.get_by_test_id("stImage").first).to_be_visible()
    frozen.get_by_text("fist").click()
    expect(offered(page)).to_have_text(re.compile(r"Added \d+ samples? to “fist”"))
    expect(page.get_by_text("Train again to use them")).to_be_visible()
    assert stored(workspace, "fist") > before
    undo_here(page)
    expect(page.get_by_text("Train again to use them")).to_have_count(0)
    assert stored(workspace, "fist") == before


def test_directions_are_those_of_the_mirrored_screen(look, shared_data, tmp_path):
    """A finger that points to the right in the camera's picture points left on the screen."""
    folder = shared_data / "hand_images" / "emrecandir" / "point_up"
    photos = [cv2.imread(str(path)) for path in sorted(folder.iterdir())[:10]]
    film = tmp_path / "turned.y4m"
    write_film(film, [on_screen(cv2.rotate(photo, cv2.ROTATE_90_CLOCKWISE)) for photo in photos])
    with look(film) as page:
        page.goto("/live")
        page.get_by_label("Model").click()
        page.get_by_role("option", name=re.compile("Starter")).click()
        start_camera(page)
        reads(page, "point_left")
