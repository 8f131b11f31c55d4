"""A gesture that moves, taught and recognised: the camera shows a real hand that goes aside."""

import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from benchmarks.studio import start_camera
from core.paths import Paths
from core.store import Store
from tests.browser.conftest import button_to_hold, card, go, kept, reads, write_film
from tests.performances import perform

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]
WAY = 240  # pixels; to the right in the camera's picture, to the left on the screen


@pytest.fixture
def swipes(shared_data, tmp_path):
    """A hand that rests, swipes in a second, rests and is gone for half a second, again and
    again: 2.3 s."""
    photo = cv2.imread(
        str(
            shared_data
            / "hand_images/emrecandir/open_palm/palm_070d7c31-0034-4c4f-a80d-72a28eebf774_org.jpg"
        )
    )
    shares = [0.0] * 4 + [*(1 - np.cos(np.linspace(0, np.pi, 10))) / 2] + [1.0] * 4
    frames = [_moved(photo, WAY * share) for share in shares]
    path = tmp_path / "swipes.y4m"
    write_film(path, [*frames, *[np.full_like(photo, 128)] * 5], frames_a_photo=1)
    return path


def _moved(photo, by):
    to = np.array([[1, 0, by], [0, 1, 0]], np.float32)
    high, wide = photo.shape[:2]
    return cv2.warpAffine(photo, to, (wide, high), borderMode=cv2.BORDER_REPLICATE)


def test_a_swipe_is_taught_on_studio_and_read_on_live(look, swipes, workspace, pictures):
    store = Store(Paths.find(workspace).database)
    project = store.create_project("Moves")
    for gesture in store.gestures(project.id):
        store.delete_gesture(gesture.id)
    for name, times in (("swipe_left", 1), ("swipe_right", 2), ("clockwise", 2)):
        perform(store, project.id, name, times)
    with look(swipes) as page:
        page.goto("/?project=Moves")
        start_camera(page)
        button_to_hold(page, "swipe_left").hover()
        page.mouse.down()  # until one whole swipe is in it, wherever the film is
        expect(card(page, "swipe_left").locator(".count")).to_have_text(
            re.compile(r"● [4-9]\.\d s")
        )
        page.screenshot(path=pictures / "motions_recording.png")
        page.mouse.up()
        assert kept(page, "swipe_left") == 1
        [clip] = store.samples(project.id, limit=1)
        assert clip.times_s[-1] - clip.times_s[0] < 1.8  # of four seconds
        way = clip.keypoints[-1, 0, 0] - clip.keypoints[0, 0, 0]
        assert WAY - 60 < way < WAY + 60
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text("told apart by comparing with your examples")).to_be_visible()
        reads(page, "swipe_left")
        page.screenshot(path=pictures / "motions_studio.png", full_page=True)
        go(page, "Live")
        last = page.get_by_text("Last movements:")
        twice = r"Last movements: swipe_left \d+% · (swipe_left \d+%( · )?)+"
        expect(last).to_have_text(re.compile(f"^{twice}$"))  # and nothing else, coming or going
        page.screenshot(path=pictures / "motions_live.png", full_page=True)
    store.close()
