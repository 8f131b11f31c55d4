"""One camera for all pages: START is pressed once, and the video plays on wherever one goes."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import button_to_hold, go, is_chosen, reads, settled
from tests.support.studio import start_camera, studio

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]
FRAME = 'iframe[title*="webrtc_streamer"]'
SHOWN = """element => {
  const at = element.getBoundingClientRect()
  return element.checkVisibility({visibilityProperty: true}) ? at.width : 0
}"""


def _played_s(page):
    """The same video element's time: another element, or a stopped one, would begin again."""
    frame = next(frame for frame in page.frames if "webrtc" in frame.url)
    return frame.evaluate("document.querySelector('video').currentTime")


def _width(page):
    return page.locator(FRAME).evaluate(SHOWN)


def test_start_is_pressed_once_in_the_whole_tour(look, films, pictures):
    with look(films("thumbs_up")) as page:
        page.goto("/")
        start_camera(page)
        settled(page)
        frame = next(frame for frame in page.frames if "webrtc" in frame.url)
        frame.evaluate("window.begun = true")
        before = 0.0
        for name in ("Live", "Heatmaps", "Train", "Record", "Review", "Live", "Studio"):
            go(page, name)
            settled(page)
            page.wait_for_timeout(1500)  # the library looked once a second whether the page changed
            assert frame.evaluate("window.begun"), "the frame was made anew"
            played = _played_s(page)
            assert played > before, f"the video stood on {name}"
            before = played
            if name == "Live":
                reads(page, "thumbs_up")
        expect(page.frame_locator(FRAME).get_by_role("button", name="Stop")).to_be_visible()
        page.screenshot(path=pictures / "one_camera_studio.png")


def test_on_a_page_without_video_it_is_small_or_hidden_as_the_user_set(look, films, pictures):
    with look(films("thumbs_up")) as page:
        page.goto("/")
        start_camera(page)
        settled(page)
        go(page, "Train")
        settled(page)
        assert 100 < _width(page) < 300
        page.screenshot(path=pictures / "video_small.png")
        go(page, "Live")
        settled(page)
        page.get_by_role("button", name="Settings").click()
        page.get_by_text("hide", exact=True).click()
        settled(page)
        page.keyboard.press("Escape")
        go(page, "Train")
        settled(page)
        assert _width(page) == 0
        go(page, "Live")
        reads(page, "thumbs_up")
        assert _width(page) > 500


def test_a_page_without_video_shows_none_before_the_camera_is_started(look, films):
    with look(films("thumbs_up")) as page:
        page.goto("/train")
        settled(page)
        assert _width(page) == 0
        go(page, "Studio")
        start = page.frame_locator(FRAME).get_by_role("button", name=re.compile("start", re.I))
        expect(start).to_be_visible()


BUSY = """from streamlit.runtime.runtime import Runtime

def late(runtime):
    objects = runtime._get_async_objs()
    loop, send = objects.eventloop, objects.need_send_data.set
    loop.call_soon_threadsafe(loop.call_later, 0.4, send)

Runtime._enqueued_some_message = late
"""


@pytest.mark.slow
def test_a_busy_server_that_draws_the_page_anew_and_anew_does_not_stop_the_camera(
    look, films, tmp_path
):
    (tmp_path / "sitecustomize.py").write_text(BUSY)  # what it says reaches the browser late
    busy = {"PYTHONPATH": str(tmp_path)}
    with (
        studio(tmp_path / "workspace", busy) as (address, _),
        look(films("thumbs_up"), address=address) as page,
    ):
        page.goto("/record")
        start_camera(page)
        button_to_hold(page, "fist")
        for digit in "54" * 15:  # each draws the page anew
            page.keyboard.press(digit)
            page.wait_for_timeout(130)
        is_chosen(page, "ok")
        frame = next(frame for frame in page.frames if "webrtc" in frame.url)
        later = _played_s(page) + 1
        frame.wait_for_function(f"document.querySelector('video')?.currentTime > {later}")
        button_to_hold(page, "fist")
