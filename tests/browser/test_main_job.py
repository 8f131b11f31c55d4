"""The main job in a real browser: record, train, see it live. The camera is a fake one that shows
real photos. Labels and counts are waited for; nothing is said about speed."""

import re
import time

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from core.paths import Paths
from core.recording.imports.importing import import_path
from core.store import Store
from tests.browser.conftest import (
    button_to_hold,
    go,
    keeps,
    offered,
    reads,
    record_burst,
    settled,
    stored,
    undo_here,
    write_film,
)
from tests.support.studio import start_camera

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]


@pytest.mark.slow  # in the light they open for test_widths
def test_every_page_opens_by_its_address_in_the_dark(look, films, pictures):
    with look(films("thumbs_up"), dark=True) as page:
        for name in ("record", "gestures", "review", "train", "live", "export", ""):
            page.goto(f"/{name}")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            settled(page)
            expect(page.get_by_test_id("stException")).to_have_count(0)
            page.screenshot(path=pictures / f"{name or 'home'}_dark.png")


def test_recording_two_gestures_training_and_reading_them_live(look, films, workspace, pictures):
    first, second = "thumbs_up", "open_palm"
    with look(films(first)) as page:
        _record(page, first, workspace, pictures)
    with look(films(second)) as page:
        _record(page, second, workspace, pictures)
        go(page, "Train")
        settled(page)
        page.screenshot(path=pictures / "train_before.png", full_page=True)
        page.get_by_role("button", name="Train", exact=True).click()
        page.screenshot(path=pictures / "train_during.png", full_page=True)
        used = page.get_by_text("The Live page uses this model")
        expect(used).to_be_visible(timeout=300_000)
        page.screenshot(path=pictures / "train_after.png", full_page=True)
        go(page, "Live")
        expect(page.get_by_label("Model")).to_have_value(re.compile("%"))
        reads(page, second)  # test_first_minute reads both
        page.screenshot(path=pictures / "live.png", full_page=True)
        _correct_the_last_second(page, workspace, pictures)


def _record(page, gesture, workspace, pictures):
    page.goto("/record")
    start_camera(page)
    there = record_burst(page, gesture)
    assert there >= 5
    assert stored(workspace, gesture) == there
    expect(page.get_by_test_id("stImage").first).to_be_visible()
    page.screenshot(path=pictures / f"record_{gesture}.png", full_page=True)


def _correct_the_last_second(page, workspace, pictures):
    page.get_by_text("Compare raw and smoothed").click()
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    before = stored(workspace, "fist")
    page.get_by_role("button", name="That was wrong").click()
    frozen = page.locator(".st-key-correction")
    expect(frozen.get_by_text("What was it?")).to_be_visible()
    expect(frozen.get_by_test_id("stImage").first).to_be_visible()
    page.screenshot(path=pictures / "live_correction.png", full_page=True)
    frozen.get_by_text("fist").click()
    expect(offered(page)).to_have_text(re.compile(r"Added \d+ samples? to “fist”"))
    expect(page.get_by_text("Train again to use them")).to_be_visible()
    assert stored(workspace, "fist") > before
    undo_here(page)
    expect(page.get_by_text("Train again to use them")).to_have_count(0)
    assert stored(workspace, "fist") == before


def test_a_page_that_was_left_goes_on_as_it_was(look, films):
    with look(films("thumbs_up")) as page:
        page.goto("/live")
        page.get_by_label("Model").click()
        page.get_by_role("option", name=re.compile("Starter")).click()
        start_camera(page)
        reads(page, "thumbs_up")
        go(page, "Train")
        go(page, "Live")
        expect(page.get_by_label("Model")).to_have_value(re.compile("Starter"))
        reads(page, "thumbs_up")


def test_leaving_the_page_ends_the_recording_and_keeps_its_samples(look, films, workspace):
    before = stored(workspace, "thumbs_down")
    with look(films("thumbs_down")) as page:
        page.goto("/record")
        page.get_by_text("Start / stop", exact=True).click()
        start_camera(page)
        page.get_by_label("Person", exact=True).fill("somebody else")  # amid the running stream
        page.get_by_label("Person", exact=True).press("Enter")
        settled(page)
        button_to_hold(page, "thumbs_down").click()
        keeps(page, "thumbs_down", 5)
        go(page, "Train")
        settled(page)
        time.sleep(2)
        there = stored(workspace, "thumbs_down") - before
        assert there >= 5
        time.sleep(2)
        assert stored(workspace, "thumbs_down") - before == there
    store = Store(Paths.find(workspace).database)
    assert "somebody else" in [p.name for p in store.persons(store.project("My gestures").id)]
    store.close()


def test_a_training_that_is_stopped_keeps_what_it_has_learned(
    look, films, workspace, shared_data, pictures
):
    table = shared_data / "hand_keypoints" / "gestures.csv"
    head, *rows = table.read_text(encoding="utf-8").splitlines()
    few = workspace / "few.csv"
    few.write_text("\n".join([head, *rows[::8]]), encoding="utf-8")
    store = Store(Paths.find(workspace).database)
    import_path(store, "Many", few)
    store.close()
    with look(films("thumbs_up")) as page:
        page.goto("/train?project=Many")
        page.get_by_role("button", name="Options").click()
        page.get_by_label("Maximum epochs", exact=True).fill("1000")
        page.get_by_label("Maximum epochs", exact=True).press("Enter")
        settled(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text(re.compile(r"epoch [3-9]/1000"))).to_be_visible()
        page.reload()  # another look at the same training
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        page.screenshot(path=pictures / "train_running.png", full_page=True)
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("The Live page uses this model")).to_be_visible()
        expect(page.get_by_label("Trainings")).to_have_value(re.compile("stopped"))
        page.screenshot(path=pictures / "train_stopped.png", full_page=True)


@pytest.mark.parametrize(
    ("turn", "gesture"),
    [(cv2.ROTATE_90_CLOCKWISE, "point_left"), (cv2.ROTATE_90_COUNTERCLOCKWISE, "point_right")],
)
def test_directions_are_those_of_the_mirrored_screen(look, shared_data, tmp_path, turn, gesture):
    """A finger that points to the right in the camera's picture points left on the screen."""
    folder = shared_data / "hand_images" / "emrecandir" / "point_up"
    photos = [cv2.rotate(cv2.imread(str(path)), turn) for path in sorted(folder.iterdir())[:10]]
    film = tmp_path / "turned.y4m"
    write_film(film, [_on_screen(photo) for photo in photos])
    with look(film) as page:
        page.goto("/live")
        page.get_by_label("Model").click()
        page.get_by_role("option", name=re.compile("Starter")).click()
        start_camera(page)
        reads(page, gesture)


def _on_screen(photo_bgr):
    """In the middle of a grey 640x480 picture."""
    height, width = photo_bgr.shape[:2]
    scale = min(480 / height, 640 / width)
    small = cv2.resize(photo_bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    screen = np.full((480, 640, 3), 128, np.uint8)
    top, left = (480 - small.shape[0]) // 2, (640 - small.shape[1]) // 2
    screen[top : top + small.shape[0], left : left + small.shape[1]] = small
    return screen
