"""The Review page in a real browser: pick and delete, undo, and a lasso on the map."""

import re

import pandas as pd
import pytest
from playwright.sync_api import expect

from core.paths import Paths
from core.recording.demo import fill_demo_project
from core.recording.imports.importing import import_path
from core.store.bin import GESTURE, list_bin
from core.store.index import read_index
from tests.browser.conftest import settled, undo_here
from tests.conftest import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]


@pytest.fixture
def demo(store):
    """The demo project, with a gesture in the bin."""
    project = fill_demo_project(store, Paths.demo)
    store.delete_gesture(next(g.id for g in store.gestures(project.id) if g.name == "ok"))
    return project.id


def test_samples_are_picked_lassoed_deleted_and_restored(look, films, demo, store):
    def left():
        return len(read_index(store, demo))

    def undo_latest():
        undo_here(page)
        wait_until(lambda: left() >= everything)
        assert left() == everything
        settled(page)

    everything = left()
    with look(films("fist")) as page:
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
        assert left() == everything - 1
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
        assert left() == everything - n
        undo_latest()

        page.get_by_text("Bin", exact=True).click()
        page.get_by_role("button", name="Restore").first.click()
        expect(page.get_by_text("No deleted project")).to_be_visible()
        assert left() > everything
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


def test_the_name_of_every_arm_pose_stands_in_one_line(look, films, arms):
    with look(films("fist")) as page:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto("/review?project=Arms")
        names = page.locator(".st-key-grid label span")
        expect(names).to_have_count(len(arms))
        settled(page)
        two_lines = names.evaluate_all("""names => names.filter(
            name => name.offsetHeight > 2 * parseFloat(getComputedStyle(name).fontSize)
        ).map(name => name.textContent)""")
        assert two_lines == []


def test_what_is_picked_in_quick_clicks_stays_picked_over_pages_and_buttons(look, films, demo):
    with look(films("fist")) as page:
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
