"""The Record page by keyboard in a real browser: space records, digits choose, fields are left."""

import re

import pytest
from playwright.sync_api import expect

from benchmarks.studio import start_camera
from tests.browser.conftest import settled, stored

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]


def chosen(page, gesture):
    """The gesture is the one to record."""
    expect(page.get_by_role("radio", name=re.compile(f"{gesture}$"))).to_be_checked()
    expect(page.get_by_role("button", name=re.compile(f"(Record|Stop).*{gesture}"))).to_be_visible()


def records(page, yes=True):
    expect(page.get_by_role("button", name=re.compile("^Stop|Stop$|Stop Short"))).to_have_count(
        1 if yes else 0
    )


def test_space_and_digits_work_wherever_the_focus_is_but_in_fields(
    look, films, workspace, pictures
):
    with look(films("fist")) as page:
        page.goto("/record")
        settled(page)
        page.get_by_text("Start / stop", exact=True).click()
        settled(page)
        expect(page.get_by_text("Space records and stops")).to_be_visible()
        expect(page.locator("body[data-hears-keys]")).to_be_attached()
        page.keyboard.press("5")
        chosen(page, "fist")
        page.keyboard.press("4")  # with the camera off, too
        chosen(page, "ok")
        start_camera(page)  # by a click in the video's frame, which keeps the focus
        expect(page.get_by_role("button", name=re.compile("Record .*ok"))).to_be_enabled()
        page.keyboard.press("5")
        chosen(page, "fist")
        page.get_by_text("ok", exact=True).first.click()  # the focus is on a gesture
        chosen(page, "ok")
        page.keyboard.press("Space")
        records(page)
        expect(page.locator(".st-key-count")).to_have_text(re.compile(r"kept ([3-9]|\d\d)"))
        page.keyboard.press("Space")
        records(page, False)
        settled(page)
        there = stored(workspace, "ok")
        assert there >= 3

        field = page.get_by_label("Person", exact=True)
        field.fill("a")
        for key in ("Space", "1", "9", "b"):
            field.press(key)
        expect(field).to_have_value("a 19b")
        chosen(page, "ok")
        records(page, False)
        field.press("Enter")
        settled(page)
        page.get_by_role("button", name=re.compile("A gesture of your own")).focus()
        page.keyboard.press("Space")  # a button hears its own space, and nothing else does
        expect(page.get_by_placeholder("peace")).to_be_visible()
        records(page, False)
        page.get_by_placeholder("peace").fill("2 x")
        page.get_by_placeholder("peace").press("3")
        page.keyboard.press("Escape")
        chosen(page, "ok")
        page.keyboard.press("Control+5")
        chosen(page, "ok")
        page.screenshot(path=pictures / "record_keyboard.png", full_page=True)
        assert stored(workspace, "ok") == there


@pytest.mark.slow
def test_in_the_video_s_frame_a_space_after_a_click_does_not_stop_the_camera(look, films):
    with look(films("fist")) as page:
        page.goto("/record")
        settled(page)
        page.get_by_text("Start / stop", exact=True).click()
        settled(page)
        start_camera(page)
        expect(page.get_by_role("button", name=re.compile("Record .*thumbs_up"))).to_be_enabled()
        page.keyboard.press("Space")
        records(page)
        frame = page.frame_locator('iframe[title*="webrtc_streamer"]')
        expect(frame.get_by_role("button", name=re.compile("stop", re.I))).to_be_visible()
        page.keyboard.press("Space")
        records(page, False)
        stop = frame.get_by_role("button", name=re.compile("stop", re.I))
        stop.focus()  # who came by Tab presses the button itself
        page.keyboard.press("Space")
        expect(frame.get_by_role("button", name=re.compile("start", re.I))).to_be_visible()
