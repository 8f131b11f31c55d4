"""The Body page in a real browser: a camera's person, and the background."""

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import press_text, write_film
from tests.support.studio import start_camera

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]


@pytest.fixture
def film(tmp_path, shared_data):
    """A camera before which somebody skis to and fro."""
    photo = cv2.imread(str(shared_data / "samples" / "coco" / "000000000785.jpg"))
    skier = cv2.copyMakeBorder(photo, 27, 28, 0, 0, cv2.BORDER_REPLICATE)
    path = tmp_path / "ski.y4m"
    write_film(path, [np.roll(skier, shift, axis=1) for shift in (0, 10, 20, 10, 0, -10)])
    return path


def test_movenet_finds_several_people_of_a_picture_and_one_small_person(
    look, tmp_path, shared_data
):
    photo = cv2.imread(str(shared_data / "samples" / "coco" / "000000000785.jpg"))
    near, far = photo[:, 200:620], np.full((480, 640, 3), 128, np.uint8)
    far[240:346, 200:360] = cv2.resize(photo[:424], (160, 106), interpolation=cv2.INTER_AREA)
    files = [tmp_path / "three.png", tmp_path / "far.png"]
    cv2.imwrite(str(files[0]), np.hstack([near, near, near]))
    cv2.imwrite(str(files[1]), far)
    with look(film) as page:
        page.goto("/body")
        press_text(page, "Picture")
        expect(page.get_by_text("Where it finds nobody, MoveNet looks")).to_be_visible()
        page.locator("input[type=file]").set_input_files(files[1])
        expect(page.get_by_text("Found by MoveNet: BlazePose found nobody.")).to_be_visible()
        press_text(page, "6")
        expect(page.get_by_text("MoveNet finds up to 6 people")).to_be_visible()
        page.locator("input[type=file]").set_input_files(files[0])
        expect(page.get_by_text("3 persons found")).to_be_visible()


# mean difference of neighbouring pixels in the upper left corner, where snow ends at red poles
EDGES = """() => {
    const video = document.querySelector("iframe[title*=webrtc_streamer]")
        .contentDocument.querySelector("video")
    const canvas = document.createElement("canvas")
    const [width, height] = [video.videoWidth, video.videoHeight]
    canvas.width = width, canvas.height = height
    const context = canvas.getContext("2d")
    context.drawImage(video, 0, 0)
    const part = context.getImageData(width * 0.6, 0, width * 0.4, height * 0.3)
    let sum = 0
    for (let i = 4; i < part.data.length; i += 4) sum += Math.abs(part.data[i] - part.data[i - 4])
    return sum / (part.data.length / 4)
}"""


def test_the_camera_s_person_stands_in_space_and_the_background_can_be_blurred(look, film):
    with look(film) as page:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto("/body")
        start_camera(page)
        cells = page.locator(".mudra-table td").filter(has_text="°")
        expect(cells).to_have_count(8)
        expect(page.locator(".js-plotly-plot canvas").first).to_be_visible()
        expect(page.get_by_text("followed from the frame before")).to_be_visible()
        sharp = page.evaluate(EDGES)
        press_text(page, "Blurred")
        page.wait_for_function(f"(sharp) => ({EDGES})() < 0.6 * sharp", arg=sharp)
        press_text(page, "Show search area")
        expect(page.get_by_text("computed from them as in the paper")).to_be_visible()
