"""Samples in a real browser: pick and delete on Review, a lasso on its map; the bar that offers
Undo over the page's bottom, by mouse and keyboard, in light and dark, and gone by itself."""

import re

import pandas as pd
import pytest
from playwright.sync_api import expect

from core.paths import Paths
from core.recording.demo import fill_demo_project
from core.recording.imports.importing import import_path
from core.store.bin import GESTURE, list_bin
from core.store.index import read_index
from tests.browser.conftest import SIZES, choose, offered, settled, undo_here
from tests.conftest import wait_until
from tests.support.contrast import TEXT, contrast

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]


@pytest.fixture
def demo(store):
    return fill_demo_project(store, Paths.demo).id


@pytest.fixture
def samples(store, demo):
    return lambda: len(read_index(store, demo))


def test_samples_are_picked_lassoed_deleted_and_restored(look, film, demo, store, samples):
    def undo_latest():
        undo_here(page)
        wait_until(lambda: samples() >= everything)
        assert samples() == everything
        settled(page)

    store.delete_gesture(next(g.id for g in store.gestures(demo) if g.name == "ok"))
    everything = samples()
    with look(film) as page:
        page.goto("/review?project=Demo")
        expect(page.locator(".st-key-grid img").nth(5)).to_be_visible()
        settled(page)
        tiles = page.locator(".st-key-grid li")
        # at one moment: what is above them may still grow
        first, second = tiles.evaluate_all(
            "(all) => all.slice(0, 2).map((one) => one.getBoundingClientRect().toJSON())"
        )
        assert first["y"] == second["y"] and first["x"] < second["x"]  # side by side
        page.locator(".st-key-grid label").first.click()
        delete = page.get_by_role("button", name=re.compile(r"Delete \d+"))
        delete.click()
        expect(delete).to_have_count(0)
        assert samples() == everything - 1
        undo_latest()

        page.get_by_role("button", name=re.compile("Show .* large")).first.click()
        expect(page.get_by_text("Mirrored view")).to_be_visible()
        page.keyboard.press("Escape")

        page.get_by_text("Map", exact=True).click()
        field = page.locator(".js-plotly-plot .nsewdrag")
        expect(field).to_be_visible()
        settled(page)
        box = field.bounding_box()
        x, y, w, h = box["x"], box["y"], box["width"], box["height"]
        page.mouse.move(x + 3, y + 3)
        page.mouse.down()
        for right, down in ((0, 1), (0.5, 1), (0.5, 0), (0, 0)):
            page.mouse.move(x + 3 + right * (w - 6), y + 3 + down * (h - 6), steps=5)
        page.mouse.up()
        expect(delete).to_be_visible()
        settled(page)
        n = int(re.sub(r"\D", "", delete.inner_text()))
        assert 1 < n < everything
        delete.click()
        expect(delete).to_have_count(0)
        assert samples() == everything - n
        undo_latest()

        page.get_by_text("Bin", exact=True).click()
        page.get_by_role("button", name="Restore").first.click()
        expect(page.get_by_text("No deleted project")).to_be_visible()
        assert samples() > everything
        assert GESTURE not in [one.kind for one in list_bin(store, demo)]


@pytest.fixture
def arms(store, shared_data, tmp_path):
    """A project of arm poses, with a sample of each; their names."""
    project = store.create_project("Arms", skeleton="body_33")
    names = [gesture.name for gesture in store.gestures(project.id)]
    rows = pd.read_csv(shared_data / "moving" / "pose_arms_xy_relative.csv").head(len(names))
    rows.assign(gesture=names).to_csv(tmp_path / "arms.csv", index=False)
    import_path(store, "Arms", tmp_path / "arms.csv")
    return names


def test_the_name_of_every_arm_pose_stands_in_one_line_and_is_not_cut_on_its_card(look, film, arms):
    with look(film) as page:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto("/review?project=Arms")
        names = page.locator(".st-key-grid label span")
        expect(names).to_have_count(len(arms))
        settled(page)
        two_lines = names.evaluate_all("""names => names.filter(
            name => name.offsetHeight > 2 * parseFloat(getComputedStyle(name).fontSize)
        ).map(name => name.textContent)""")
        assert two_lines == []
        page.goto("/?project=Arms")
        choose(page, "hands_on_hips")  # the longest, bold now
        for width in (1400, 1280, 1024):
            page.set_viewport_size({"width": width, "height": 900})
            settled(page)
            cut = page.locator(".card .name").evaluate_all(
                "all => all.filter((n) => n.scrollWidth > n.clientWidth).map((n) => n.innerText)"
            )
            assert cut == [], width


def test_what_is_picked_in_quick_clicks_stays_picked_over_pages_and_buttons(look, film, demo):
    with look(film) as page:
        page.goto("/review?project=Demo")
        tiles = page.locator(".st-key-grid").get_by_role("checkbox")
        delete = page.get_by_role("button", name=re.compile(r"Delete \d+"))
        expect(tiles).to_have_count(48)
        settled(page)
        for number in range(5):
            tiles.nth(number).check()
        expect(delete).to_have_text(re.compile(r"Delete 5$"))
        page.get_by_role("button", name="Next").click()
        expect(tiles.first).not_to_be_checked()
        tiles.nth(7).focus()
        page.keyboard.press("Space")
        expect(delete).to_have_text(re.compile(r"Delete 6$"))
        page.get_by_role("button", name="Select page").click()
        expect(delete).to_have_text(re.compile(r"Delete 53$"))
        expect(tiles.last).to_be_checked()
        page.get_by_role("button", name="Previous").click()
        expect(tiles.nth(5)).not_to_be_checked()
        assert [tiles.nth(number).is_checked() for number in range(6)] == [True] * 5 + [False]
        page.get_by_role("button", name="Select none").click()
        expect(tiles.first).not_to_be_checked()
        expect(delete).to_have_count(0)


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


def test_the_bar_lies_in_the_middle_of_the_top_and_can_be_read(look, film, samples):
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
            assert box["y"] >= 0 and box["y"] + box["height"] <= 60  # where no card is
            assert contrast(colour_of(bar, "color"), colour_of(bar, "backgroundColor")) >= TEXT
            assert colour_of(button(page), "color") == colour_of(bar, "color")
            undo_here(page)
            expect(button(page)).to_have_count(0)
            settled(page)
            assert samples() == everything


def test_no_press_is_lost_and_undo_is_heard_reached_by_keyboard_and_goes_by_itself(
    look, film, samples
):
    everything = samples()
    with look(film) as page:
        page.goto("/record?project=Demo")
        settled(page)
        choose(page, "fist")
        # in the moment when the cards report
        delete = page.get_by_role("button", name="Delete", exact=True).first.element_handle()
        other = page.locator(".choose[aria-pressed=true]").element_handle()
        page.evaluate("([one, other]) => { one.click(); other.click() }", [other, delete])
        expect(button(page).last).to_be_visible()
        assert samples() == everything - 1
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
