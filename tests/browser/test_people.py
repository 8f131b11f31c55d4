"""People's boxes on the Heatmaps page in a real browser: found, drawn by mouse and key, given."""

import json

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from core.paths import Paths
from tests.browser.conftest import press_text, set_choice, settled, write_film
from tests.support.standing_net import save_standing_net
from tests.support.studio import start_camera

CROWD = "000000000790.jpg"

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]


@pytest.fixture(scope="module")
def net(workspace):
    """A small net of bodies among the user's own."""
    save_standing_net(Paths.find(workspace).own_nets / "standing")


def boxes(page):
    return page.locator("g[role=button]")


def size_of(page, n):
    """(width, height) of a box in picture pixels, as a screen reader is told."""
    text = boxes(page).nth(n).get_attribute("aria-label")
    width, height = text.split(",")[1].removesuffix(" pixels").split(" × ")
    return int(width), int(height)


def choose_net(page):
    page.goto("/heatmaps")
    settled(page)
    set_choice(page, "Net", "standing")
    page.keyboard.press("Escape")


@pytest.fixture(scope="module")
def picture(look, film, net, shared_data):
    """The page with a picture of several people, for all tests of it."""
    with look(film) as page:
        choose_net(page)
        page.get_by_test_id("stMain").get_by_text("Picture", exact=True).first.click()
        settled(page)
        photo = shared_data / "samples" / "coco" / "000000000785.jpg"
        page.locator("input[type=file]").first.set_input_files(str(photo))
        expect(page.locator(".people img")).to_be_visible()
        yield page


@pytest.fixture(scope="module")
def crowd(tmp_path_factory, shared_data):
    """A camera before which people stand."""
    photo = cv2.imread(str(shared_data / "coco" / "mini" / "train2017" / CROWD))
    path = tmp_path_factory.mktemp("film") / "crowd.y4m"
    write_film(path, [cv2.resize(np.roll(photo, x, axis=1), (640, 480)) for x in (0, 4, 8, 4)])
    return path


def test_mediapipe_s_box_is_there_and_others_are_drawn_moved_and_removed(picture):
    page = picture
    expect(boxes(page)).to_have_count(1)
    before = page.locator(".people img").get_attribute("src")
    shown = page.locator(".people svg").bounding_box()
    page.mouse.move(shown["x"] + 20, shown["y"] + 20)
    page.mouse.down()
    page.mouse.move(shown["x"] + 100, shown["y"] + 180, steps=4)
    page.mouse.up()
    expect(boxes(page)).to_have_count(2)
    expect(boxes(page).nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".people img")).not_to_have_attribute("src", before)
    scale = 640 / shown["width"]
    assert size_of(page, 1) == pytest.approx((80 * scale, 160 * scale), abs=3)
    settled(page)
    expect(page.get_by_text("None", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Remove the box").click()
    expect(boxes(page)).to_have_count(1)
    press_text(page, "Per keypoint")
    expect(page.locator(".st-key-maps_still img")).to_be_visible()


def test_boxes_are_added_moved_resized_and_removed_by_key(picture):
    page = picture
    press_text(page, "Drawn")
    expect(boxes(page)).to_have_count(0)
    add = page.get_by_role("button", name="Add a box")
    add.focus()
    page.keyboard.press("Enter")
    expect(boxes(page)).to_have_count(1)
    expect(boxes(page).first).to_be_focused()
    wide, high = size_of(page, 0)
    for key in ("Shift+ArrowRight", "Shift+ArrowDown", "Shift+ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    assert size_of(page, 0) == pytest.approx((wide + 6.4, high + 12.8), abs=1)
    settled(page)
    page.wait_for_timeout(1500)  # the answer to the last key draws the page anew
    assert size_of(page, 0) == pytest.approx((wide + 6.4, high + 12.8), abs=1)
    expect(boxes(page).first).to_be_focused()
    page.keyboard.press("Delete")
    expect(boxes(page)).to_have_count(0)


def test_boxes_come_from_a_detections_file_and_another_file_is_refused_in_words(picture, tmp_path):
    page = picture
    press_text(page, "File")
    good, wrong = tmp_path / "good.json", tmp_path / "people.json"
    found = [[280, 40, 220, 350], [20, 30, 60, 90], [500, 200, 90, 120]]
    good.write_text(
        json.dumps([{"image_id": 785, "category_id": 1, "bbox": b, "score": 0.9} for b in found])
    )
    wrong.write_text('{"people": []}')
    uploader = page.get_by_test_id("stFileUploader").filter(has_text="Detections or COCO")
    for given in (wrong, good, wrong, good):  # also after a good one
        uploader.locator("input[type=file]").set_input_files(str(given))
        if given is wrong:
            expect(page.get_by_test_id("stAlert")).to_contain_text("people.json has no images")
            expect(boxes(page)).to_have_count(0)
        else:
            expect(boxes(page)).to_have_count(3)
            expect(page.get_by_test_id("stAlert")).to_have_count(0)
    # from the centre of a box's first pixel to that of its last one
    assert [size_of(page, n) for n in range(3)] == [(219, 349), (59, 89), (89, 119)]
    boxes(page).nth(2).click()
    expect(boxes(page).nth(2)).to_have_attribute("aria-pressed", "true")


def pick(page, number):
    settled(page)  # a page that is still being drawn would take the choice back
    one = page.get_by_role("radio", name=number, exact=True)
    one.click()
    expect(one).to_be_checked()
    settled(page)


def test_live_the_maps_of_one_of_several_people_are_chosen_by_number(look, crowd, net):
    with look(crowd) as page:
        choose_net(page)
        press_text(page, "Several people")
        expect(page.get_by_role("radiogroup", name="Person")).to_have_count(0)
        start_camera(page)
        for number in ("1", "2"):
            pick(page, number)
        page.get_by_role("button", name="Freeze").click()
        still = page.locator(".st-key-maps_still img")
        expect(still).to_be_visible()
        expect(page.get_by_role("radio", name="2", exact=True)).to_be_checked()
        second = still.get_attribute("src")
        pick(page, "1")
        expect(still).not_to_have_attribute("src", second)
