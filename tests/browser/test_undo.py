"""The bar that offers Undo, in a real browser: over the page's bottom, by mouse and keyboard, in
light and dark, and gone by itself."""

import pytest
from playwright.sync_api import expect

from core.paths import Paths
from core.recording.demo import fill_demo_project
from tests.browser.conftest import SIZES, choose, offered, settled, undo_here
from tests.support.contrast import TEXT, contrast

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]


@pytest.fixture
def samples(store):
    """How many the demo project has."""
    project = fill_demo_project(store, Paths.demo)
    return lambda: sum(row.samples for row in store.overview(project.id))


def delete_one(page):
    page.get_by_role("button", name="Delete", exact=True).first.click()
    expect(button(page).last).to_be_visible()  # one of before may linger


def button(page):
    return page.locator("[class*='st-key-act_undo_'] button")


def colour_of(place, style):
    """The computed colour as #rrggbb."""
    rgb = place.evaluate(
        f"e => getComputedStyle(e).{style}.match(/[0-9]+/g).slice(0, 3).map(Number)"
    )
    return "#" + "".join(f"{part:02x}" for part in rgb)


def test_the_bar_lies_in_the_middle_of_the_bottom_and_can_be_read(look, film, samples):
    everything = samples()
    with look(film) as page:
        for (width, height), scheme in zip(SIZES.values(), ("light", "dark"), strict=True):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            page.goto("/record?project=Demo")
            settled(page)
            delete_one(page)
            bar = page.locator("[class*='st-key-act_bar_']")
            box = bar.bounding_box()
            assert box["x"] + box["width"] / 2 == pytest.approx(width / 2, abs=2)
            assert height - 60 < box["y"] + box["height"] <= height
            assert contrast(colour_of(bar, "color"), colour_of(bar, "backgroundColor")) >= TEXT
            assert colour_of(button(page), "color") == colour_of(bar, "color")
            undo_here(page)
            expect(button(page)).to_have_count(0)
            settled(page)
            assert samples() == everything


def test_a_press_is_not_lost_in_the_moment_when_the_cards_report(look, film, samples):
    everything = samples()
    with look(film) as page:
        page.goto("/record?project=Demo")
        settled(page)
        choose(page, "fist")
        delete = page.get_by_role("button", name="Delete", exact=True).first.element_handle()
        other = page.locator(".choose[aria-pressed=true]").element_handle()
        page.evaluate("([one, other]) => { one.click(); other.click() }", [other, delete])
        expect(button(page).last).to_be_visible()
        assert samples() == everything - 1
        undo_here(page)
        expect(button(page)).to_have_count(0)


def test_undo_is_heard_and_reached_by_keyboard_and_goes_by_itself(look, film, samples):
    everything = samples()
    with look(film) as page:
        page.goto("/record?project=Demo")
        delete_one(page)
        expect(offered(page)).to_have_text("Deleted 1 sample")
        button(page).focus()
        page.keyboard.press("Enter")
        expect(button(page)).to_have_count(0)
        assert samples() == everything
        settled(page)
        delete_one(page)
        settled(page)
        expect(button(page)).to_be_hidden()  # by itself: no script has run
        expect(button(page)).to_have_count(1)
        delete_one(page)  # and the next act is offered anew
