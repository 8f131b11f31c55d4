"""The Heatmaps page in a real browser: heatmaps of a picture, a video and the camera."""

import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from benchmarks.studio import start_camera
from core.media.videos import read_video
from tests.browser.conftest import settled, write_film

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]


@pytest.fixture(scope="module")
def film(tmp_path_factory, shared_data):
    """A camera before which somebody shows a hand."""
    path = tmp_path_factory.mktemp("film") / "hand.mjpeg"
    frames = [frame.rgb for frame in read_video(shared_data / "hand_videos" / "palm_fist.mp4")]
    import cv2

    write_film(path, [np.asarray(cv2.resize(frame, (640, 480))) for frame in frames[:40]])
    return path


def choose(page, text):
    page.get_by_test_id("stMain").get_by_text(text, exact=True).first.click()
    settled(page)


def test_a_picture_s_maps_in_every_view(look, film, pictures, shared_data):
    photo = sorted((shared_data / "hand_images" / "emrecandir" / "point_up").iterdir())[0]
    for dark in (False, True):
        with look(film, dark=dark) as page:
            page.goto("/heatmaps")
            expect(page.get_by_role("heading", name="Heatmaps", level=1)).to_be_visible()
            settled(page)
            choose(page, "Picture")
            expect(page.get_by_text("Drop a picture with a hand here")).to_be_visible()
            page.locator("input[type=file]").set_input_files(str(photo))
            for view in ("Overlay", "Per stage", "Per keypoint"):
                choose(page, view)
                expect(
                    page.get_by_test_id("stMain").get_by_test_id("stImage").first
                ).to_be_visible()
                expect(page.get_by_role("button", name="Download")).to_be_visible()
                page.wait_for_timeout(800)
                shown = f"heatmaps_{view.lower()}_{'dark' if dark else 'light'}.png"
                page.screenshot(path=pictures / shown, full_page=True)
            with page.expect_download() as download:
                page.get_by_role("button", name="Download").click()
            assert download.value.path().read_bytes()[:4] == b"\x89PNG"


def test_the_camera_s_maps_are_live(look, film, pictures):
    with look(film) as page:
        page.goto("/heatmaps")
        settled(page)
        start_camera(page)
        video = page.frame_locator('iframe[title*="webrtc_streamer"]').locator("video")
        shapes = []
        for view in ("Overlay", "Per stage", "Per keypoint"):
            choose(page, view)
            page.wait_for_timeout(3000)
            shapes.append(video.evaluate("v => [v.videoWidth, v.videoHeight]"))
            page.screenshot(path=pictures / f"heatmaps_live_{view.lower()}.png", full_page=True)
        assert shapes[0][0] / shapes[0][1] == pytest.approx(4 / 3, abs=0.05), json.dumps(shapes)
        assert shapes[1] == shapes[2] == [960, 640], json.dumps(shapes)


def test_live_lays_maps_over_the_video_and_says_what_does_not_fit(look, film, pictures):
    with look(film) as page:
        page.goto("/live")
        settled(page)
        page.get_by_text("Keypoints and heatmaps").click()
        box = page.get_by_role("combobox", name="Keypoints by")
        expect(box).to_be_visible()
        page.wait_for_timeout(500)  # while the expander opens, a click only takes the focus
        box.click()
        page.get_by_role("option", name=re.compile("Light CPM")).click()
        expect(page.get_by_text("The model was trained on mediapipe-hands")).to_be_visible()
        page.get_by_test_id("stMain").get_by_role("radio", name="3").or_(
            page.get_by_role("button", name="3", exact=True)
        ).first.click()
        settled(page)
        start_camera(page)
        page.wait_for_timeout(4000)
        page.screenshot(path=pictures / "live_maps.png", full_page=True)
        expect(page.get_by_text(re.compile("\\d+ fps"))).to_be_visible()
