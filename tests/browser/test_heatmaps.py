"""The Heatmaps page in a real browser: heatmaps of the camera, live and held."""

import cv2
import pytest
from playwright.sync_api import expect

from core.media.pictures import read_picture
from core.media.videos import read_video
from core.pose.drawing.heatmap_layout import JOINT, Maps, layout_tiles
from core.pose.skeletons.table import HAND_21
from tests.browser.conftest import press_text, settled, write_film
from tests.support.studio import VIDEO, start_camera

INDEX_TIP = 8

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]


@pytest.fixture(scope="module")
def film(tmp_path_factory, shared_data):
    """A camera before which somebody shows a hand."""
    path = tmp_path_factory.mktemp("film") / "hand.y4m"
    frames = [frame.rgb for frame in read_video(shared_data / "hand_videos" / "palm_fist.mp4")]
    write_film(path, [cv2.resize(frame, (640, 480)) for frame in frames[:40]])
    return path


def shaped(page, width, height):
    """The video has this shape, and so have its frame and the stage's box below it."""
    page.wait_for_function(
        """([width, height]) => {
            const frame = document.querySelector("iframe[title*=webrtc_streamer]")
            const video = frame.contentDocument.querySelector("video")
            if (!video?.videoWidth) return false
            const holds = (w, h) => Math.abs(w / h - width / height) < 0.01
            const at = frame.getBoundingClientRect()
            const part = document.elementsFromPoint(at.x + 9, at.y + 9)
                .find((one) => one.shadowRoot?.querySelector(".picture"))
            const box = part?.shadowRoot.querySelector(".picture").getBoundingClientRect()
            return holds(video.videoWidth, video.videoHeight) && holds(at.width, at.height)
                && holds(video.clientWidth, video.clientHeight)
                && box && ["x", "y", "width", "height"].every((k) => Math.abs(box[k] - at[k]) < 1)
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


@pytest.fixture(scope="module")
def live(look, film):
    """The page while its camera runs, for all tests."""
    with look(film) as page:
        page.goto("/heatmaps")
        settled(page)
        expect(page.get_by_role("button", name="Freeze")).to_be_disabled()
        start_camera(page)
        yield page


def test_the_frame_of_the_camera_s_video_follows_the_view_s_shape(live):
    for view, shape in (
        ("Overlay", (4, 3)),
        ("Per stage", (3, 2)),
        ("Overlay", (4, 3)),
        ("Per keypoint", (3, 2)),
    ):
        press_text(live, view)
        shaped(live, *shape)
    live.set_viewport_size({"width": 820, "height": 1180})
    live.wait_for_function(
        """() => document.querySelector("iframe[title*=webrtc_streamer]")
            .contentDocument.querySelector("video").videoWidth < 820"""
    )
    live.set_viewport_size({"width": 1400, "height": 1000})


def test_a_click_on_the_video_makes_a_keypoint_large_and_another_brings_all_back(live):
    press_text(live, "Per keypoint")
    shaped(live, 3, 2)
    video = live.frame_locator(VIDEO).locator("video")
    expect(video).to_have_css("cursor", "pointer")
    x, y = tile(video.bounding_box(), INDEX_TIP)
    video.click(position={"x": x, "y": y})
    picked(live, "index tip")
    video.click(position={"x": 20, "y": 20})
    picked(live, "all keypoints")


def test_a_held_picture_is_looked_at_in_every_view_and_let_go(live):
    press_text(live, "Per keypoint")
    shaped(live, 3, 2)
    live.get_by_role("button", name="Freeze").click()
    still = live.locator(".st-key-maps_still img")
    expect(still).to_be_visible()
    expect(live.locator(VIDEO)).to_be_hidden()
    expect(still).to_have_css("cursor", "pointer")
    box = standing(live, still)
    first = still.get_attribute("src")
    x, y = tile(box, INDEX_TIP)
    still.click(position={"x": x, "y": y})
    picked(live, "index tip")
    expect(still).not_to_have_attribute("src", first)
    still.click(position={"x": 20, "y": 20})
    picked(live, "all keypoints")
    expect(still).to_have_attribute("src", first)  # nothing moved
    press_text(live, "Per stage")
    expect(still).not_to_have_attribute("src", first)
    with live.expect_download() as download:
        live.get_by_role("button", name="Download").click()
    height, width = read_picture(download.value.path()).shape[:2]
    assert 2 * width == 3 * height
    live.get_by_role("button", name="Continue").click()
    expect(live.locator(VIDEO)).to_be_visible()
    expect(still).to_have_count(0)
    shaped(live, 3, 2)
