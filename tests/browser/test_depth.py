"""The Depth page in a real browser: the example plays by itself, is scrubbed and turned by key; a
webcam's hand in space."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import press_text, settled
from tests.support.studio import start_camera

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]

# how many of the canvas's pixels are of the fingers' colours, and a number that changes with them
PAINTED = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    let count = 0, sum = 0
    for (let i = 0; i < data.length; i += 4) {
        const rgb = data.subarray(i, i + 3)
        if (Math.max(...rgb) - Math.min(...rgb) > 60) count++, sum = (sum * 31 + i) % 1000003
    }
    return [count, sum]
}"""


@pytest.fixture(scope="module")
def film(films):
    return films("open_palm")


def test_depth_plays_is_scrubbed_and_turned(look, film):
    with look(film) as page:
        page.set_viewport_size({"width": 1280, "height": 1100})
        page.goto("/depth")
        told, space = page.locator("output"), page.locator("canvas.space")
        expect(told).to_have_text(re.compile(r"^Frame ([2-9]|\d\d) of 90 · \d\.\d\d s$"))
        expect(page.get_by_text(re.compile("^Mean error \\d+\\.\\d mm$"))).to_be_visible()
        expect(page.get_by_text("90 frames with truth")).to_be_visible()

        page.get_by_role("button", name="Pause").click()
        page.get_by_role("slider", name="Frame").focus()
        page.keyboard.press("End")
        expect(told).to_have_text(re.compile("^Frame 90 of 90 · "))
        page.keyboard.press("ArrowLeft")
        expect(told).to_have_text(re.compile("^Frame 89 of 90 · "))
        expect(page.locator(".how")).to_have_text(re.compile(", \\d+ cm away$"))

        count, before = space.evaluate(PAINTED)
        assert count > 300
        space.focus()
        page.keyboard.press("ArrowRight")
        turned = space.evaluate(PAINTED)[1]
        page.keyboard.press("Home")
        assert turned != before and space.evaluate(PAINTED)[1] == before
        assert page.locator("canvas.picture").evaluate(PAINTED)[0] > 320 * 240 / 2


def test_a_webcam_s_hand_moves_in_space(look, film):
    with look(film, dark=True) as page:
        page.goto("/depth")
        settled(page)
        press_text(page, "Webcam")
        chosen, other = (page.get_by_role("radio", name=n) for n in ("Webcam", "Example"))
        colour = other.evaluate("e => getComputedStyle(e).color")
        expect(chosen).to_have_css("color", colour)  # which can be read in the dark
        start_camera(page)
        space = page.locator("canvas.space")
        expect(space).to_be_visible()
        shown = f"([canvas, before]) => {{ const [n, sum] = ({PAINTED})(canvas); "
        shown += "return n > 300 && sum !== before && sum }"
        before = -1
        for _ in range(2):  # the hand is there, and then another way
            given = [space.element_handle(), before]
            before = page.wait_for_function(shown, arg=given, polling=300).json_value()
        expect(page.get_by_text("MediaPipe estimates these points from colours")).to_be_visible()
