"""Hands found in the visitor's browser: the real page, its camera, and everything that it asks."""

import re

import pytest
from playwright.sync_api import expect

from core.paths import Paths
from core.store import Store
from core.weights.browser_files import is_ready
from tests.browser.conftest import begin_hold, go, kept, reads
from tests.conftest import lacking

pytestmark = pytest.mark.browser
NO_SIMD = """
  window.Worker = class extends Worker {
    constructor(url) {
      const without = "WebAssembly.instantiate = () => Promise.reject(new Error('no SIMD'))"
      super(URL.createObjectURL(new Blob([`${without}\nimportScripts("${url}")`])))
    }
  }
"""
A_CARD = """
  window.Worker = class extends Worker {
    constructor(url) {
      const named = `const own = WebGL2RenderingContext.prototype.getParameter
        WebGL2RenderingContext.prototype.getParameter = function (name) {
          return name === 0x9246 ? "A graphics card" : own.call(this, name) }`
      super(URL.createObjectURL(new Blob([`${named}\nimportScripts("${url}")`])))
    }
  }
"""
THAT_CAN_T = """
  import * as vision from "%s"
  export const { FilesetResolver } = vision
  const failing = (Landmarker) => ({ createFromOptions: (files, options) => {
    if (options.baseOptions.delegate !== "GPU") return Landmarker.createFromOptions(files, options)
    return Promise.resolve({ detectForVideo() { throw new Error("context lost") } })
  } })
  export const HandLandmarker = failing(vision.HandLandmarker)
  export const PoseLandmarker = failing(vision.PoseLandmarker)
"""
PICTURE = re.compile(r"[A-Za-z0-9+/]{2000}")  # nothing that long is told but a picture


@pytest.fixture(autouse=True)
def ready(weights_folder):
    if not is_ready(weights_folder):
        lacking(f"no files for a browser in {weights_folder}", "run `make setup`")


def test_hands_and_bodies_are_found_and_only_the_page_s_host_is_asked(
    look, films, workspace, server
):
    asked, sent, said = set(), [], []
    with look(films("thumbs_up")) as page:
        page.on("console", lambda message: said.append(message.text))
        with_a_card_that_can_t(page)
        page.on("request", lambda request: asked.add(request.url))

        def listen(socket):
            asked.add(socket.url.replace("ws", "http", 1))
            socket.on("framesent", lambda frame: sent.append(frame))

        page.on("websocket", listen)
        page.goto("/?keypoints_found=in+this+browser")
        expect(page.locator("iframe[title*=webrtc_streamer]")).to_have_count(0)
        page.get_by_role("button", name="START").click()
        expect(page.locator("canvas[data-poses='1']")).to_be_visible()
        reads(page, "thumbs_up")
        expect(page.get_by_text("Hands are found by this device's processor.")).to_be_visible()
        assert f"{server}/mudra/camera" in asked  # words need no run of the page
        assert not any(PICTURE.search(text_of(frame)) for frame in sent)
        for name in ("Live", "Studio"):  # the browser tells much while pages change
            go(page, name)
            reads(page, "thumbs_up")
        begin_hold(page, "thumbs_up", 1)
        page.mouse.up()
        count = kept(page, "thumbs_up")
        assert any(PICTURE.search(text_of(frame)) for frame in sent)  # the crops of samples
        go(page, "Live")
        expect(page.locator("canvas")).to_have_attribute("data-kept", re.compile("[3-6]."))
        sent.clear()
        page.get_by_role("button", name="That was wrong").click()
        frozen = page.locator(".st-key-correction")
        expect(frozen.get_by_test_id("stImage").first).to_be_visible()
        frozen.get_by_text("fist").click()
        expect(page.get_by_text("Train again to use them")).to_be_visible()
        assert any(PICTURE.search(text_of(frame)) for frame in sent)  # crops that were asked for
        assert len([text for text in said if "graphics card" in text]) == 1  # tried once
        sent.clear()
        go(page, "Body")
        expect(page.locator("canvas[data-by='mediapipe-pose'][data-poses='1']")).to_be_visible()
        expect(page.get_by_text("Bodies are found by this device's processor.")).to_be_visible()
        expect(page.get_by_test_id("stMain")).to_contain_text(re.compile("Elbow\\s*\\d+°"))
        page.get_by_text("Blurred", exact=True).click()
        expect(page.get_by_text("This needs the camera's picture")).to_be_visible()
        assert not any(PICTURE.search(text_of(frame)) for frame in sent)
    samples = stored_samples(workspace)
    assert len(samples) > count >= 1
    assert {sample.estimator for sample in samples} == {"mediapipe-hands-web"}
    assert [bool(sample.crop_jpeg) for sample in samples] == [True] * len(samples)
    strangers = {url for url in asked if not url.startswith((server, "blob:", "data:"))}
    assert strangers == set()


CAMERA = "canvas => canvas.closest('.camera').parentNode.camera"
SWAYS = """canvas => {
  const camera = (%s)(canvas), { data } = camera, { turn } = data
  camera.show(data, { ...camera.news, turn: turn - 1, by: "mediapipe-hands" })
  const older = camera.by
  for (const by of ["mediapipe-hands", "mediapipe-pose", "mediapipe-hands", "mediapipe-pose"])
    camera.show(data, { ...camera.news, turn, by })
  return older
}"""


def test_what_is_wanted_may_change_faster_than_it_opens(look, films):
    with look(films("thumbs_up")) as page:
        page.goto("/body?keypoints_found=in+this+browser")
        page.get_by_role("button", name="START").click()
        bodies = page.locator("canvas[data-by='mediapipe-pose'][data-poses='1']")
        expect(bodies).to_be_visible()
        older = bodies.evaluate(SWAYS % CAMERA)
        assert older == "mediapipe-pose"  # a late page's news change nothing
        expect(page.get_by_role("status").filter(has_text="Getting what finds")).to_be_visible()
        expect(page.get_by_text("Bodies are found by this device's processor.")).to_be_visible()
        page.wait_for_timeout(3000)  # whatever was opened beside it
        found = bodies.evaluate(f"canvas => ({CAMERA})(canvas).n")
        page.wait_for_function(
            f"([canvas, n]) => ({CAMERA})(canvas).n > n + 3", arg=[bodies.element_handle(), found]
        )
        assert len(page.workers) == 1


def test_a_browser_that_can_t_is_told_what_to_do(look, film):
    with look(film) as page:
        page.add_init_script(NO_SIMD)
        page.goto("/?keypoints_found=in+this+browser")
        page.get_by_role("button", name="START").click()
        expect(page.get_by_text("can't find hands itself")).to_contain_text("on the server")
        page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
        page.get_by_role("button", name="START").click()
        expect(page.get_by_text("This address is not secure")).to_be_visible()
        page.get_by_role("button", name="Settings").click()
        page.get_by_text("on the server", exact=True).click()
        expect(page.locator("iframe[title*=webrtc_streamer]")).to_have_count(1)


def with_a_card_that_can_t(page):
    """A graphics card that is there, opens what finds keypoints, and fails at its first picture."""

    def answer(route):
        url = route.request.url
        if url.endswith("&real"):
            route.continue_()
        else:
            route.fulfill(body=THAT_CAN_T % f"{url}&real", content_type="text/javascript")

    page.route("**/vision_bundle.mjs*", answer)
    page.add_init_script(A_CARD)


def text_of(frame):
    return frame if isinstance(frame, str) else frame.decode("latin-1")


def stored_samples(workspace):
    store = Store(Paths.find(workspace).database)
    found = store.samples(store.project("My gestures").id)
    store.close()
    return found
