"""The Heatmaps page in a real browser: heatmaps of a picture, a video and the camera."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from core.media.pictures import read_picture
from core.media.videos import read_video
from core.pose.drawing.heatmap_layout import JOINT, Maps, layout_tiles
from core.pose.skeletons.table import HAND_21
from tests.browser.conftest import light_and_dark, press_text, set_choice, settled, write_film
from tests.support.studio import start_camera

INDEX_TIP = 8

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]


@pytest.fixture(scope="module")
def film(tmp_path_factory, shared_data):
    """A camera before which somebody shows a hand."""
    path = tmp_path_factory.mktemp("film") / "hand.y4m"
    frames = [frame.rgb for frame in read_video(shared_data / "hand_videos" / "palm_fist.mp4")]
    import cv2

    write_film(path, [np.asarray(cv2.resize(frame, (640, 480))) for frame in frames[:40]])
    return path


def test_a_picture_s_maps_in_every_view(look, film, pictures, shared_data):
    photo = sorted((shared_data / "hand_images" / "emrecandir" / "point_up").iterdir())[0]
    with look(film) as page:
        page.goto("/heatmaps")
        expect(page.get_by_role("heading", name="Heatmaps", level=1)).to_be_visible()
        settled(page)
        press_text(page, "Picture")
        expect(page.get_by_text("Drop a picture with a hand here")).to_be_visible()
        page.locator("input[type=file]").set_input_files(str(photo))
        for view in ("Overlay", "Per stage", "Per keypoint"):
            press_text(page, view)
            expect(page.get_by_test_id("stMain").get_by_test_id("stImage").first).to_be_visible()
            expect(page.get_by_role("button", name="Download")).to_be_visible()
            page.wait_for_timeout(800)
            light_and_dark(page, pictures / f"heatmaps_{view.lower()}.png")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        assert download.value.path().read_bytes()[:4] == b"\x89PNG"


def shaped(page, width, height):
    """The video has this shape, and its frame ends where its buttons end."""
    page.wait_for_function(
        """([width, height]) => {
            const frame = document.querySelector("iframe[title*=webrtc_streamer]")
            const inside = frame.contentDocument
            const video = inside.querySelector("video")
            if (!video?.videoWidth) return false
            if (Math.abs(video.videoWidth / video.videoHeight - width / height) > 0.01) return false
            const shown = Math.min(video.clientWidth * height / width, video.clientHeight)
            const below = inside.querySelector("button").getBoundingClientRect().top
            return Math.abs(video.clientHeight - shown) < 2
                && Math.abs(below - video.getBoundingClientRect().bottom) < 40
                && Math.abs(frame.clientHeight - inside.body.scrollHeight) < 2
        }""",
        arg=[width, height],
    )


def tile(box, joint):
    """The middle of a keypoint's tile on the screen."""
    layout = layout_tiles(Maps("hm"), HAND_21, 3)
    [one] = [t for t in layout.tiles if (t.kind, t.number) == (JOINT, joint)]
    height, width = layout.size_hw
    x = (one.x + one.width / 2) / width * box["width"]
    return x, (one.y + one.height / 2) / height * box["height"]


def standing(page, place):
    """Its box, once it stays: a picture is drawn anew for the size that it is shown at."""
    box = None
    while box != (box := place.bounding_box()):
        settled(page)
        page.wait_for_timeout(500)
    return box


def picked(page, keypoint):
    expect(page.get_by_role("combobox", name="Keypoint")).to_have_value(keypoint)
    settled(page)


def test_the_frame_of_the_camera_s_video_follows_the_view_s_shape(look, film, pictures):
    with look(film) as page:
        page.goto("/heatmaps")
        settled(page)
        start_camera(page)
        for view, shape in (
            ("Overlay", (4, 3)),
            ("Per stage", (3, 2)),
            ("Overlay", (4, 3)),
            ("Per keypoint", (3, 2)),
        ):
            press_text(page, view)
            shaped(page, *shape)
            page.screenshot(path=pictures / f"heatmaps_live_{view.lower()}.png", full_page=True)
        page.set_viewport_size({"width": 820, "height": 1180})
        page.wait_for_function(
            """() => document.querySelector("iframe[title*=webrtc_streamer]")
                .contentDocument.querySelector("video").videoWidth < 820"""
        )
        page.screenshot(path=pictures / "heatmaps_live_tablet.png", full_page=True)


def test_a_click_on_the_video_makes_a_keypoint_large_and_another_brings_all_back(
    look, film, pictures
):
    with look(film) as page:
        page.goto("/heatmaps")
        settled(page)
        start_camera(page)
        press_text(page, "Per keypoint")
        shaped(page, 3, 2)
        video = page.frame_locator('iframe[title*="webrtc_streamer"]').locator("video")
        expect(video).to_have_css("cursor", "pointer")
        box = video.bounding_box()
        x, y = tile(box, INDEX_TIP)
        video.click(position={"x": x, "y": y})
        picked(page, "index tip")
        page.screenshot(path=pictures / "heatmaps_live_large.png", full_page=True)
        settled(page)
        video.click(position={"x": 20, "y": 20})
        picked(page, "all keypoints")


def test_a_held_picture_is_looked_at_in_every_view_and_let_go(look, film, pictures):
    with look(film) as page:
        page.goto("/heatmaps")
        settled(page)
        expect(page.get_by_role("button", name="Freeze")).to_be_disabled()
        start_camera(page)
        press_text(page, "Per keypoint")
        shaped(page, 3, 2)
        page.get_by_role("button", name="Freeze").click()
        still = page.locator(".st-key-maps_still img")
        expect(still).to_be_visible()
        video = page.locator('iframe[title*="webrtc_streamer"]')
        expect(video).to_be_hidden()
        expect(still).to_have_css("cursor", "pointer")
        box = standing(page, still)
        first = still.get_attribute("src")
        x, y = tile(box, INDEX_TIP)
        still.click(position={"x": x, "y": y})
        picked(page, "index tip")
        expect(still).not_to_have_attribute("src", first)
        page.screenshot(path=pictures / "heatmaps_held_large.png", full_page=True)
        still.click(position={"x": 20, "y": 20})
        picked(page, "all keypoints")
        expect(still).to_have_attribute("src", first)  # nothing moved
        press_text(page, "Per stage")
        expect(still).not_to_have_attribute("src", first)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        height, width = read_picture(download.value.path()).shape[:2]
        assert 2 * width == 3 * height
        page.screenshot(path=pictures / "heatmaps_held_stages.png", full_page=True)
        page.get_by_role("button", name="Continue").click()
        expect(video).to_be_visible()
        expect(still).to_have_count(0)
        shaped(page, 3, 2)


def test_live_lays_maps_over_the_video_and_says_what_does_not_fit(look, film, pictures):
    with look(film) as page:
        page.goto("/live")
        settled(page)
        set_choice(page, "Keypoint detector", re.compile("Light CPM"))
        expect(page.get_by_text("The model was trained on mediapipe-hands")).to_be_visible()
        page.get_by_role("radio", name="3", exact=True).click()
        settled(page)
        page.keyboard.press("Escape")
        start_camera(page)
        page.wait_for_timeout(4000)
        page.screenshot(path=pictures / "live_maps.png", full_page=True)
        expect(page.get_by_text(re.compile("\\d+ fps"))).to_be_visible()
