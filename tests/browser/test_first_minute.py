"""The first minute: who has read nothing gets from START to a trained model of two own gestures, by
what is to be seen alone."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import hold, reads, settled
from tests.support.studio import camera_button

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


@pytest.fixture
def two_signs(films, tmp_path):
    """A camera that shows 👍 for a while, then ✋, and again."""
    both = tmp_path / "both.y4m"
    parts = [films(gesture).read_bytes() for gesture in ("thumbs_up", "open_palm")]
    both.write_bytes(parts[0] + parts[1].partition(b"\n")[2])  # one header is enough
    return both


def test_from_start_to_a_trained_model_of_two_own_gestures(look, two_signs):
    with look(two_signs) as page:
        newcomer = Newcomer(page)
        page.goto("/")
        settled(page)
        begun = time.monotonic()
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
        print(f"{time.monotonic() - begun:.0f} s, {newcomer.clicks} clicks")
        assert newcomer.clicks <= MOST_CLICKS
