"""A camera that is lost in a real browser: unplugged, or cut off by a machine that stood still."""

import os
import re
import signal
import time

import pytest
from playwright.sync_api import expect

from tests.support.studio import camera_button, flags, start_camera, stop_camera, studio

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]

# remembers what the page was given, to take it away
_HOOK = """
if (navigator.mediaDevices) {
  const media = navigator.mediaDevices, ask = media.getUserMedia.bind(media)
  media.getUserMedia = async (wanted) => (window.given = await ask(wanted))
}
"""


def start(page):
    start_camera(page)
    expect(page.get_by_text(re.compile(r"[1-9]\d* fps"))).to_be_visible(timeout=30_000)


def unplug(page):
    for frame in page.frames:
        frame.evaluate("window.given && window.given.getTracks().forEach((track) => track.stop())")


@pytest.fixture(scope="module")
def live(open_browser, films, tmp_path_factory):
    """The Live page of a studio of its own, and the studio's process."""
    with studio(tmp_path_factory.mktemp("lost")) as (address, process):
        context = open_browser(*flags(films("fist"))).new_context(permissions=["camera"])
        context.add_init_script(_HOOK)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{address}/live")
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=30_000)
        yield page, process
        context.close()


def test_a_camera_that_gives_no_frame_for_two_seconds_is_lost_and_comes_back(live):
    page, _ = live
    start(page)
    expect(page.get_by_text("Camera lost")).to_have_count(0)
    unplug(page)
    unplugged = time.monotonic()
    expect(page.get_by_text(re.compile("Camera lost: no picture for"))).to_be_visible(timeout=8_000)
    assert time.monotonic() - unplugged > 1.5
    camera_button(page, "stop").click()
    expect(page.get_by_text(re.compile("The camera stopped by itself"))).to_be_visible()
    start(page)
    expect(page.get_by_text(re.compile("Camera lost|stopped by itself"))).to_have_count(0)
    stop_camera(page)
    page.wait_for_timeout(500)
    expect(page.get_by_text("stopped by itself")).to_have_count(0)  # somebody stopped it


@pytest.mark.slow
def test_a_stream_that_broke_while_the_machine_stood_still_says_so_and_starts_again(live):
    page, process = live
    start(page)
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(20)
    os.kill(process.pid, signal.SIGCONT)
    expect(page.get_by_text(re.compile("The camera stopped by itself"))).to_be_visible(
        timeout=30_000
    )
    start(page)
