"""What a page does by itself in the browser: Back leaves a page at once, Ctrl+Z undoes the last
act, a phone's menu closes after a choice."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import go, offered
from tests.support.studio import settled

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


def is_open(page, name):
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    settled(page)
    page.wait_for_function("window.mudraHabits")


def test_one_step_back_is_the_page_before(look, film):
    with look(film) as page:
        page.goto("/review")
        is_open(page, "Review")
        for name in ("Train", "Privacy", "Files"):
            go(page, name)
            settled(page)
        for name in ("Privacy", "Train", "Review"):
            page.go_back()
            is_open(page, name)
        page.go_forward()
        is_open(page, "Train")


def test_ctrl_z_undoes_the_last_act_also_later_and_leaves_fields_alone(look, film):
    with look(film) as page:
        page.goto("/record")
        is_open(page, "Record")
        page.get_by_role("button", name="Change or remove fist").click()
        page.get_by_role("button", name="Remove fist").click()
        named = page.locator(".name", has_text="fist")
        expect(named).to_have_count(0)
        expect(offered(page)).to_have_text("Deleted the gesture “fist”")
        page.get_by_label("Person", exact=True).fill("ana")
        page.get_by_label("Person", exact=True).press("Control+z")
        page.wait_for_timeout(10_000)  # the bar is gone
        go(page, "Train")
        settled(page)
        expect(offered(page)).to_have_text("")
        go(page, "Record")
        settled(page)
        expect(named).to_have_count(0)
        page.keyboard.press("Control+z")
        expect(named).to_have_count(1)


def test_the_menu_of_a_phone_closes_after_a_choice(look, film):
    with look(film) as page:
        page.set_viewport_size(PHONE)
        page.goto("/")
        is_open(page, "Studio")
        for name in ("Train", "Files"):
            page.get_by_test_id("stExpandSidebarButton").click()
            go(page, name)
            expect(page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
