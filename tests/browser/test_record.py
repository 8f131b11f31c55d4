"""The Record page in a real browser: the space key, uploads, and what becomes of projects."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (
    button_to_hold,
    choose,
    create_project,
    keeps,
    kept,
    offered,
    settled,
    stored,
    undo_here,
)
from tests.support.studio import start_camera
from tests.support.zips import zip_of

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]


def test_the_space_key_records_and_stops(look, films, workspace):
    with look(films("open_palm")) as page:
        page.goto("/record")
        page.get_by_text("Start / stop", exact=True).click()
        choose(page, "open_palm")
        start_camera(page)
        button_to_hold(page, "open_palm")
        page.get_by_role("heading", name="Record", level=1).click()  # the focus leaves the video
        page.keyboard.press("Space")
        keeps(page, "open_palm")
        page.keyboard.press("Space")
        assert kept(page, "open_palm") == stored(workspace, "open_palm") >= 3


def test_pictures_a_video_and_a_zip_become_samples_with_a_report(
    look, films, workspace, shared_data, hand_photos
):
    files = {
        f"{gesture}/{number}.jpg": path.read_bytes()
        for gesture in ("point_up", "thumbs_down")
        for number, path in enumerate(hand_photos(gesture)[:3])
    }
    packed = zip_of(files | {"point_up/broken.jpg": b"nothing"})
    video = (shared_data / "hand_videos" / "fist.mp4").read_bytes()
    with look(films("thumbs_up")) as page:
        page.goto("/record")
        choose(page, "fist")
        page.get_by_role("tab", name=re.compile("Add pictures")).click()
        page.locator("input[type=file]").set_input_files(
            [
                {"name": "fist.mp4", "mimeType": "video/mp4", "buffer": video},
                {"name": "hands.zip", "mimeType": "application/zip", "buffer": packed},
                {"name": "<b>x</b>.png", "mimeType": "image/png", "buffer": b"nothing"},
            ]
        )
        add = page.get_by_role("button", name=re.compile("Add as .*fist"))
        expect(page.get_by_text("<b>x</b>.png")).to_be_visible()
        add.click()
        expect(page.get_by_text(re.compile(r"🖼 \d+ added"))).to_be_visible(timeout=60_000)
        settled(page)
        expect(page.get_by_text(re.compile("broken.jpg.*a JPEG"))).to_be_visible()
        expect(page.get_by_text(re.compile("<b>x</b>.png.*a JPEG"))).to_be_visible()
        page.get_by_role("button", name="OK", exact=True).click()
        expect(page.get_by_text(re.compile(r"🖼 \d+ added"))).to_have_count(0)
    assert stored(workspace, "point_up") == 3
    assert stored(workspace, "thumbs_down") == 3
    assert stored(workspace, "fist") >= 6


def test_a_project_is_renamed_deleted_and_restored(look, films):
    with look(films("thumbs_up")) as page:
        page.goto("/record")
        project = page.get_by_label("Project", exact=True).first  # the old one lingers
        create_project(page, "Rock", "Hands")
        expect(project).to_have_value("Rock")
        page.get_by_role("button", name="Edit", exact=True).click()
        settled(page)  # which takes the old project's form away
        page.get_by_label("New name").fill("Stone")
        page.get_by_role("button", name="Rename", exact=True).click()
        settled(page)
        expect(project).to_have_value("Stone")
        page.reload()
        expect(project).to_have_value("Stone")
        page.get_by_role("button", name="Edit", exact=True).click()
        page.get_by_role("button", name="Delete the project").click()
        settled(page)
        expect(project).not_to_have_value("Stone")
        expect(offered(page)).to_have_text("Deleted the project “Stone”")
        settled(page)
        undo_here(page)
        settled(page)
        expect(project).to_have_value("Stone")
        expect(page.get_by_label("Project", exact=True)).to_have_count(1)
