"""The gesture cards by keyboard in a real browser: space records, digits choose, fields are
left."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (
    button_to_hold,
    card,
    choose,
    is_chosen,
    keeps,
    kept,
    press_text,
    settled,
    stored,
)
from tests.support.studio import VIDEO, camera_button, start_camera

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]


def records_nothing(page):
    expect(page.locator(".card.busy")).to_have_count(0)


def open_record(page):
    page.goto("/record")
    settled(page)
    expect(page.locator("body[data-hears-keys]")).to_be_attached()


def hold_key(page, key, gesture):
    """Hold the key until samples of the gesture are kept."""
    page.keyboard.down(key)
    keeps(page, gesture)
    page.keyboard.up(key)
    return kept(page, gesture)


def hears_keys_in_the_video_loaded_again(page):
    """Keys are heard there, though the frame's first document is gone, as it is when the cards
    stand before the frame has loaded."""
    frame = page.locator(VIDEO)
    frame.evaluate("(frame) => frame.contentWindow.location.reload()")
    expect(camera_button(page, "start")).to_be_visible()
    expect(frame.content_frame.locator("body[data-hears-keys]")).to_be_attached()


def test_space_and_digits_work_wherever_the_focus_is_but_in_fields(look, films, workspace):
    with look(films("fist")) as page:
        open_record(page)
        hears_keys_in_the_video_loaded_again(page)
        page.keyboard.press("5")
        is_chosen(page, "fist")
        page.keyboard.press("4")  # with the camera off, too
        is_chosen(page, "ok")
        page.keyboard.down("Space")
        page.keyboard.up("Space")
        start_camera(page)  # by a click in the video's frame, which keeps the focus
        button_to_hold(page, "ok")
        records_nothing(page)
        page.keyboard.press("5")
        is_chosen(page, "fist")
        assert hold_key(page, "Space", "fist") == stored(workspace, "fist") >= 3
        expect(camera_button(page, "stop")).to_be_visible()  # a space after a click stops nothing

        choose(page, "ok")  # the focus is on a card
        assert hold_key(page, "Space", "ok") == stored(workspace, "ok") >= 3
        card(page, "fist").locator(".hold").focus()  # there space and Enter mean this card
        hold_key(page, "Enter", "fist")
        is_chosen(page, "fist")
        choose(page, "ok")
        there = stored(workspace, "ok")

        field = page.get_by_label("Person", exact=True)
        field.fill("a")
        for key in ("Space", "1", "9", "b"):
            field.press(key)
        expect(field).to_have_value("a 19b")
        is_chosen(page, "ok")
        records_nothing(page)
        field.press("Enter")
        settled(page)
        page.get_by_role("button", name=re.compile("Remote control")).focus()
        page.keyboard.press("Space")  # a button hears its own space, and nothing else does
        expect(page.get_by_text("Start and stop recordings by OSC")).to_be_visible()
        records_nothing(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="+ Add a gesture").click()
        page.get_by_label("Name", exact=True).fill("2 x")
        page.get_by_label("Name", exact=True).press("3")
        page.get_by_label("Name", exact=True).press("Space")
        expect(page.get_by_label("Name", exact=True)).to_have_value("2 x3 ")
        page.keyboard.press("Escape")
        expect(page.get_by_label("Name", exact=True)).to_have_count(0)
        is_chosen(page, "ok")
        page.keyboard.press("Control+5")
        is_chosen(page, "ok")
        records_nothing(page)
        assert stored(workspace, "ok") == there

        press_text(page, "Start / stop")
        page.keyboard.press("Space")
        keeps(page, "ok")
        page.keyboard.press("Space")
        assert kept(page, "ok") == stored(workspace, "ok") - there >= 3
        stop = camera_button(page, "stop")
        stop.focus()  # who came by Tab presses the button itself
        page.keyboard.press("Space")
        expect(camera_button(page, "start")).to_be_visible()


def test_the_keys_of_the_page_can_be_switched_off_and_stay_so(look, films):
    with look(films("fist")) as page:
        open_record(page)
        page.keyboard.press("5")
        is_chosen(page, "fist")
        keys = page.get_by_role("button", name="Keyboard shortcuts")
        expect(keys).to_have_attribute("aria-pressed", "true")
        keys.click()
        page.reload()
        settled(page)
        expect(page.locator("body[data-hears-keys]")).to_be_attached()
        expect(keys).to_have_attribute("aria-pressed", "false")
        expect(page.get_by_text("Keyboard shortcuts are off")).to_be_visible()
        chosen = page.locator(".choose[aria-pressed=true] .name").inner_text()
        page.keyboard.press("7" if chosen == "fist" else "5")
        page.keyboard.press("Space")
        is_chosen(page, chosen)
        records_nothing(page)
        keys.click()
        page.keyboard.press("7")
        is_chosen(page, "point_left")
