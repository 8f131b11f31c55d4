"""A gesture that moves, taught and recognised: the camera shows a real hand that goes aside."""

import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from core.store.rows import MOVING
from core.store.trimming import find_whole_clip
from tests.browser.conftest import (
    begin_performance,
    button_to_hold,
    card,
    go,
    kept,
    reads,
    settled,
    write_film,
)
from tests.support.performances import perform
from tests.support.studio import start_camera

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]
LISTEN = """
window.heard = []
window.OscillatorNode = class extends OscillatorNode {
  start(at) { window.heard.push([this.frequency.value, performance.now() / 1000]); super.start(at) }
}"""
SEEN = """card => {
  window.shown = {}
  setInterval(() => {
    const text = card.querySelector('.count').textContent
    window.shown[text] ??= performance.now() / 1000
  }, 10)
}"""
WAY = 240  # pixels; to the right in the camera's picture, to the left on the screen


@pytest.fixture
def swipes(shared_data, tmp_path):
    """A hand that rests, swipes in a second, rests and is gone for a second, again and again:
    3.2 s. On a starved machine half a second may be one lost frame."""
    folder = shared_data / "hand_images" / "emrecandir" / "open_palm"
    photo = cv2.imread(str(folder / "palm_070d7c31-0034-4c4f-a80d-72a28eebf774_org.jpg"))
    shares = [0.0] * 8 + [*(1 - np.cos(np.linspace(0, np.pi, 10))) / 2] + [1.0] * 4
    frames = [_moved(photo, WAY * share) for share in shares]
    path = tmp_path / "swipes.y4m"
    write_film(path, [*frames, *[np.full_like(photo, 128)] * 10], frames_a_photo=1)
    return path


def _moved(photo, by):
    to = np.array([[1, 0, by], [0, 1, 0]], np.float32)
    high, wide = photo.shape[:2]
    return cv2.warpAffine(photo, to, (wide, high), borderMode=cv2.BORDER_REPLICATE)


def test_a_swipe_is_taught_on_studio_and_read_on_live(look, swipes, store):
    project = store.create_project("Moves")
    for gesture in store.gestures(project.id):
        store.delete_gesture(gesture.id)
    for name, times in (("swipe_left", 1), ("swipe_right", 2), ("clockwise", 2)):
        perform(store, project.id, name, times)
    with look(swipes) as page:
        page.goto("/?project=Moves")
        start_camera(page)
        begin_performance(page, "swipe_left")
        page.mouse.up()
        assert kept(page, "swipe_left") == 1
        [clip] = store.samples(project.id, limit=1)
        assert clip.times_s[-1] - clip.times_s[0] < 1.8  # of five seconds
        way = clip.keypoints[-1, 0, 0] - clip.keypoints[0, 0, 0]
        way *= 640 / clip.size_hw[1]  # a browser short of time sends smaller pictures
        assert WAY - 60 < way < WAY + 60
        whole, part = find_whole_clip(store, clip)
        assert part.start > 0 and whole.frames > clip.frames  # the film rests before
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text("test samples recognised")).to_be_visible()
        reads(page, "swipe_left")
        go(page, "Live")
        last = page.get_by_text("Last movements:")
        twice = r"Last movements: swipe_left \d+% · (swipe_left \d+%( · )?)+"
        expect(last).to_have_text(re.compile(f"^{twice}$"))  # and nothing else, coming or going


@pytest.fixture
def beats(store):
    """A project whose one gesture moves, by its name."""
    project = store.create_project("Beats")
    for gesture in store.gestures(project.id):
        store.delete_gesture(gesture.id)
    store.add_gesture(project.id, "swipe_left", "👈", MOVING)
    yield project.name
    store.delete_project(project.id)


def _timed(page, project):
    """The button that records the gesture with a beat."""
    page.goto(f"/record?project={project}")
    start_camera(page)
    page.get_by_text("Timed", exact=True).click()
    settled(page)
    return button_to_hold(page, "swipe_left")


def test_five_performances_are_counted_in_and_begun_with_clicks(look, swipes, beats):
    with look(swipes) as page:
        page.add_init_script(LISTEN)
        button = _timed(page, beats)
        card(page, "swipe_left").evaluate(SEEN)
        button.click()
        expect(card(page, "swipe_left").locator(".count")).to_have_text("● 2 of 5")
        kept(page, "swipe_left")
        page.wait_for_timeout(2500)
        heard, shown = page.evaluate("[window.heard, window.shown]")
        assert [hz for hz, _ in heard] == [660] * 3 + [990] * 5
        times = np.array([at for _, at in heard])
        seen = [shown[f"● {beat} of 5"] for beat in range(1, 6)]
        np.testing.assert_allclose(np.diff(times), [1] * 3 + [2] * 4, atol=0.4)
        assert (seen > times[3:] - 0.05).all()  # the page tells of a beat that was heard
        button.click()
        page.wait_for_function("window.heard.length === 10")
        button.click()
        page.wait_for_timeout(2500)
        assert len(page.evaluate("window.heard")) == 10
        sound = page.get_by_text("Sound", exact=False).first
        sound.click()
        settled(page)
        button.click()
        expect(card(page, "swipe_left").locator(".count")).to_have_text("● 1 of 5")
        assert len(page.evaluate("window.heard")) == 10
        button.click()
        kept(page, "swipe_left")
        sound.click()
        settled(page)
        button.click()
        page.wait_for_function("window.heard.length === 12")
        page.reload()
        page.wait_for_timeout(4000)
        assert page.evaluate("window.heard") == []


def test_a_beat_goes_on_where_nothing_can_sound(look, swipes, beats):
    errors = []
    with look(swipes) as page:
        page.on("pageerror", lambda error: errors.append(error))
        page.add_init_script("window.heard = []; delete window.AudioContext")
        button = _timed(page, beats)
        button.click()
        expect(card(page, "swipe_left").locator(".count")).to_have_text("● 1 of 5")
        button.click()
        kept(page, "swipe_left")
        assert page.evaluate("window.heard") == [] and errors == []
