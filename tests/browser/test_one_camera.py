"""One camera for all pages: START is pressed once, and the video plays on wherever one goes. It
takes most of its pages, and Studio needs no scrolling. A camera that is lost, unplugged or cut off
by a machine that stood still, is told and comes back; one that is stopped leaves nothing."""

import os
import re
import signal
import time
from statistics import median

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import button_to_hold, go, is_chosen, reads, settled
from tests.support.camera_cycles import cycles, lasting_growth
from tests.support.studio import VIDEO, camera_button, flags, start_camera, stop_camera, studio

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]
SHOWN = """element => {
  const at = element.getBoundingClientRect()
  return element.checkVisibility({visibilityProperty: true}) ? at.width : 0
}"""


def _video_frame(page):
    return next(frame for frame in page.frames if "webrtc" in frame.url)


def _played_s(page):
    """The same video element's time: another element, or a stopped one, would begin again."""
    return _video_frame(page).evaluate("document.querySelector('video').currentTime")


def _width(page):
    return page.locator(VIDEO).evaluate(SHOWN)


def test_start_is_pressed_once_in_the_whole_tour_and_the_video_is_hidden_as_the_user_set(
    look, films
):
    with look(films("thumbs_up")) as page:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto("/train")
        settled(page)
        assert _width(page) == 0  # before the camera is started
        go(page, "Studio")
        start_camera(page)
        frame = _video_frame(page)
        frame.evaluate("window.begun = true")
        before = 0.0
        for name in ("Live", "Heatmaps", "Train", "Record", "Body", "Review", "Live", "Studio"):
            go(page, name)
            settled(page)
            page.wait_for_timeout(1500)  # the library looked once a second whether the page changed
            assert frame.evaluate("window.begun"), "the frame was made anew"
            played = _played_s(page)
            assert played > before, f"the video stood on {name}"
            before = played
            if name in ("Train", "Review"):
                assert 100 < _width(page) < 300, name
            else:
                assert _width(page) >= 0.55 * page.get_by_test_id("stMain").bounding_box()["width"]
            if name == "Live":
                reads(page, "thumbs_up")
        expect(camera_button(page, "stop")).to_be_visible()
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


def test_studio_is_seen_without_scrolling_on_a_desk_and_its_video_stays_on_a_tablet(look, films):
    with look(films("thumbs_up")) as page:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto("/")
        start_camera(page)
        meters = page.locator(".st-key-studio_answer [role=meter]")
        expect(meters.first).to_be_visible()
        settled(page)
        cards = page.locator(".card")
        expect(cards).to_have_count(9)
        train = page.get_by_role("button", name="Train", exact=True)
        for part in (page.locator(VIDEO), cards.last, train, *meters.all()):
            expect(part).to_be_in_viewport(ratio=1)

        width = _width(page)
        page.set_viewport_size({"width": 1800, "height": 1100})
        page.wait_for_function(
            "before => document.querySelector('iframe[title*=webrtc]').clientWidth > 1.3 * before",
            arg=width,
        )

        page.set_viewport_size({"width": 820, "height": 1180})
        settled(page)
        assert page.locator(VIDEO).bounding_box()["y"] < cards.first.bounding_box()["y"]
        cards.last.scroll_into_view_if_needed()
        page.mouse.wheel(0, 2000)
        expect(page.locator(VIDEO)).to_be_in_viewport(ratio=0.9)
        expect(cards.last).to_be_in_viewport(ratio=1)


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
        later = _played_s(page) + 1
        plays_on = f"document.querySelector('video')?.currentTime > {later}"
        _video_frame(page).wait_for_function(plays_on)
        button_to_hold(page, "fist")


# remembers what the page was given, to take it away
KEEP_CAMERA = """
if (navigator.mediaDevices) {
  const media = navigator.mediaDevices, ask = media.getUserMedia.bind(media)
  media.getUserMedia = async (wanted) => (window.given = await ask(wanted))
}
"""


def _start_on_live(page):
    start_camera(page)
    expect(page.get_by_text(re.compile(r"[1-9]\d* fps"))).to_be_visible(timeout=30_000)


def test_a_camera_that_gives_no_frame_for_two_seconds_is_lost_and_comes_back(look, films):
    with look(films("fist")) as page:
        page.add_init_script(KEEP_CAMERA)
        page.goto("/live")
        _start_on_live(page)
        expect(page.get_by_text("Camera lost")).to_have_count(0)
        for frame in page.frames:
            frame.evaluate("window.given?.getTracks().forEach((track) => track.stop())")
        unplugged = time.monotonic()
        expect(page.get_by_text(re.compile("Camera lost: no picture for"))).to_be_visible()
        assert 1.5 < time.monotonic() - unplugged < 8
        camera_button(page, "stop").click()
        expect(page.get_by_text(re.compile("The camera stopped by itself"))).to_be_visible()
        _start_on_live(page)
        expect(page.get_by_text(re.compile("Camera lost|stopped by itself"))).to_have_count(0)
        stop_camera(page)
        page.wait_for_timeout(500)
        expect(page.get_by_text("stopped by itself")).to_have_count(0)  # somebody stopped it


@pytest.mark.slow
def test_a_stream_that_broke_while_the_machine_stood_still_says_so_and_starts_again(
    look, films, tmp_path
):
    with (
        studio(tmp_path) as (address, process),
        look(films("fist"), address=address) as page,
    ):
        page.goto("/live")
        _start_on_live(page)
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(20)
        os.kill(process.pid, signal.SIGCONT)
        expect(page.get_by_text(re.compile("The camera stopped by itself"))).to_be_visible()
        _start_on_live(page)


@pytest.mark.parametrize(
    ("threads", "growth"),
    [
        ([20, 21, 27, 20, 21, 20], 0),  # what ends a little late
        ([20, 26, 21, 23, 29, 24], 4),  # one stays each time
    ],
)
def test_growth_is_what_stays(threads, growth):
    assert lasting_growth(threads) == growth


def test_the_camera_started_and_stopped_leaves_no_threads(open_browser, films):
    browser = open_browser(*flags(films("thumbs_up")))
    threads = [one.threads for one in cycles(browser, 7, 0.2, 0.3)]
    # five cycles lie between the thirds: a thread that stayed each time would make five;
    # Streamlit's own pools add a worker now and then, up to a bound
    assert lasting_growth(threads) < 4, threads


@pytest.mark.slow
def test_fifty_starts_and_stops_leave_threads_and_memory_as_they_were(open_browser, films):
    found = list(cycles(open_browser(*flags(films("thumbs_up"))), 50))
    # the idle workers of Streamlit's pools are all there after ten
    early, late = found[8:13], found[-5:]
    assert median(s.threads for s in late) <= 1.05 * median(s.threads for s in early)
    # it goes up and down by a tenth within twenty cycles: what stays is the change of the lowest
    memory_mb = [one.memory_mb for one in found[8:]]
    assert lasting_growth(memory_mb) <= 0.05 * min(memory_mb), memory_mb
