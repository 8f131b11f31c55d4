"""Hands found in the visitor's browser: the real page, its camera, and everything that it asks; and
gestures of both hands, taught there, read there and on the server."""

import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (
    begin_hold,
    card,
    create_project,
    go,
    kept,
    reads,
    settled,
    start_in_browser,
    write_film,
)
from tests.support.hands_together import both_hands
from tests.support.studio import start_camera

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("browser_files")]
IN_BROWSER = "keypoints_found=this+device"
WORKER = """
  window.Worker = class extends Worker {
    constructor(url) {
      super(URL.createObjectURL(new Blob([`%s\\nimportScripts("${url}")`])))
    }
  }
"""
NO_SIMD = WORKER % "WebAssembly.instantiate = () => Promise.reject(new Error('no SIMD'))"
A_CARD = """const own = WebGL2RenderingContext.prototype.getParameter
  WebGL2RenderingContext.prototype.getParameter = function (name) {
    return name === 0x9246 ? "A graphics card" : own.call(this, name) }"""
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
BODY = "[data-by='mediapipe-pose'][data-poses='1']"


def test_hands_and_bodies_are_found_and_only_the_page_s_host_is_asked(look, films, store, server):
    asked, sent, said = set(), [], []
    with look(films("thumbs_up")) as page:
        page.on("console", lambda message: said.append(message.text))
        with_a_card_that_can_t(page)
        page.on("request", lambda request: asked.add(request.url))

        def listen(socket):
            asked.add(socket.url.replace("ws", "http", 1))
            socket.on("framesent", lambda frame: sent.append(frame))

        page.on("websocket", listen)
        page.goto(f"/?{IN_BROWSER}")
        expect(page.locator("iframe[title*=webrtc_streamer]")).to_have_count(0)
        start_in_browser(page)
        reads(page, "thumbs_up")
        expect(page.locator("p.held[role=status]")).to_have_text("thumbs_up")  # it is said aloud
        expect(page.locator("canvas[role=img]")).to_have_attribute("aria-label", re.compile("."))
        expect(page.get_by_text("Hands are found by this device's processor.")).to_be_visible()
        assert f"{server}/mudra/live" in asked
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
        sent_crops = [frame for frame in sent if PICTURE.search(text_of(frame))]
        assert len(sent_crops) == 1  # what was asked for, once
        assert len([text for text in said if "graphics card" in text]) == 1  # tried once
        sent.clear()
        go(page, "Body")
        expect(page.locator(f"canvas{BODY}")).to_be_visible()
        expect(page.get_by_text("Bodies are found by this device's processor.")).to_be_visible()
        expect(page.get_by_test_id("stMain")).to_contain_text(re.compile("Elbow\\s*\\d+°"))
        page.get_by_text("Blurred", exact=True).click()
        expect(page.get_by_text("This needs the camera's picture")).to_be_visible()
        assert not any(PICTURE.search(text_of(frame)) for frame in sent)
    samples = store.samples(store.project("My gestures").id)
    assert len(samples) > count >= 1
    assert {sample.estimator for sample in samples} == {"mediapipe-hands-web"}
    assert [bool(sample.crop_jpeg) for sample in samples] == [True] * len(samples)
    strangers = {url for url in asked if not url.startswith((server, "blob:", "data:"))}
    assert strangers == set()


CAMERA = "canvas => canvas.closest('[data-part]').camera.way"
SWAYS = """canvas => {
  const camera = (%s)(canvas)
  for (const by of ["mediapipe-hands", "mediapipe-pose", "mediapipe-hands", "mediapipe-pose"])
    camera.hear({ ...camera.wanted, by })
}"""


def test_what_is_wanted_may_change_faster_than_it_opens(look, films):
    with look(films("thumbs_up")) as page:
        page.goto(f"/body?{IN_BROWSER}")
        bodies = start_in_browser(page, BODY)
        bodies.evaluate(SWAYS % CAMERA)
        expect(
            page.get_by_role("status").filter(has_text="Loading the model that finds")
        ).to_be_visible()
        expect(page.get_by_text("Bodies are found by this device's processor.")).to_be_visible()
        page.wait_for_timeout(3000)  # whatever was opened beside it
        found = bodies.evaluate(f"canvas => ({CAMERA})(canvas).n")
        page.wait_for_function(
            f"([canvas, n]) => ({CAMERA})(canvas).n > n + 3", arg=[bodies.element_handle(), found]
        )
        assert len(page.workers) == 1


TROUBLED = """
  window.caches.constructor.prototype.open = () => Promise.reject(new Error("private window"))
  window.streams = []
  const media = navigator.mediaDevices, ask = media.getUserMedia.bind(media)
  media.getUserMedia = async (wanted) => {
    const stream = await ask(wanted)
    streams.push(stream)
    return stream
  }
  window.lying = new Set()
  const { createObjectURL, revokeObjectURL } = URL
  URL.createObjectURL = (blob) => {
    const url = createObjectURL(blob)
    if (blob.size > 1e6) lying.add(url)
    return url
  }
  URL.revokeObjectURL = (url) => (lying.delete(url), revokeObjectURL(url))
"""
# A worker hears what befalls it after the pictures that wait before it: these count for nothing.
GOES_ON = """async (camera) => {
  const { worker } = camera
  const until = async (met) => {
    for (let i = 0; i < 600 && !met(); i++) await new Promise((done) => setTimeout(done, 50))
    return met()
  }
  %s
  const replaced = () => camera.worker && camera.worker !== worker
  if (%s && !(await until(replaced))) return "the broken one"
  const { n } = camera
  if (!(await until(() => camera.n >= n + 3))) return "stuck"
  return camera.worker === worker ? "the same" : "another"
}"""
BEFALLS = [  # and whether another worker takes over
    (
        """const own = createImageBitmap
        window.createImageBitmap = () => {
          window.createImageBitmap = own
          return Promise.reject(new Error("no picture yet"))
        }""",
        "false",
    ),
    (
        """camera.crops.forget = () => {
          delete camera.crops.forget
          throw new Error("no memory")
        }""",
        "false",
    ),
    (
        """for (let i = 0; i < 2; i++) {  // a coarse clock
          const picture = await createImageBitmap(camera.canvas)
          worker.postMessage({ picture, t: 1 }, [picture])
        }""",
        "false",
    ),
    ("worker.postMessage({ picture: null, t: 0 })  // what finds hands breaks", "true"),
    (
        """worker.terminate()  // without a word, long ago
        camera.busy = true
        camera.silent = 1e9""",
        "true",
    ),
]
PLATES = """canvas => {
  const camera = (%s)(canvas), { data, drawing } = camera, plates = []
  drawing.text = (pen, text, left, top, size) => {
    plates.push([text, top])
    return [left + 100, size]
  }
  const points = [[canvas.width - 9, 1], [canvas.width - 1, 60]], [x, y] = [canvas.width - 5, 30]
  camera.data = { ...data, bare: true, note: "REC 5", names: [{ text: "2", at: [x, y] }] }
  camera.paint(canvas, [{ keypoints: points }])
  camera.data = data
  delete drawing.text
  return plates
}"""
LEFT_MEANWHILE = """async (canvas) => {
  const camera = (%s)(canvas), picture = await createImageBitmap(canvas)
  const pose = { keypoints: Array(21).fill([9, 9]).map(([x, y], i) => [x + i, y + i]), world: [] }
  camera.data.crops = true
  camera.croppedAt = -1e9
  const done = camera.found({ found: [pose, pose], picture, t: performance.now(), ms: 1 })
  camera.dismiss()
  await done
  return picture.width
}"""
# Forty pictures of a recording while nothing is answered; then one answer after the other.
NOT_ANSWERED = """async (canvas) => {
  const camera = (%s)(canvas), picture = await createImageBitmap(canvas), words = []
  camera.dismiss()
  camera.equip = () => {}
  camera.unlisten()
  camera.channel = { isOpen: true,
    send: ({ camera: { frames } }) => words.push(frames.map(({ n }) => n)) }
  camera.data = { ...camera.data, crops: false, recording: true }
  for (let i = 0; i < 40; i++) await camera.take({ found: [], picture, t: i, ms: 1 }, null)
  const [heard, last] = [camera.n - 40, camera.n], told = []
  for (let n = heard; n < last; n = told.at(-1)) {
    const wanted = { ...camera.wanted, page: camera.page, received: n, recording: true, asked: [] }
    camera.toldAt = -1e9
    words.length = 0
    camera.hear(wanted)
    if (words.length !== 1 || words[0].length > 6) return words
    told.push(...words[0])
  }
  return told.map((n) => n - heard)
}"""


def test_the_camera_goes_on_whatever_befalls_it_and_loses_no_picture_of_a_recording(look, films):
    with look(films("thumbs_up")) as page:
        page.add_init_script(TROUBLED)
        page.goto(f"/?{IN_BROWSER}")
        start = page.get_by_role("button", name="START")
        start.evaluate("button => { for (let i = 0; i < 3; i++) button.click() }")
        canvas = page.locator("canvas[data-poses='1']")
        expect(canvas).to_be_visible()
        live = "streams.filter((one) => one.getTracks()[0].readyState === 'live').length"
        assert page.evaluate(live) == 1
        connected(page, canvas)
        page.evaluate("mudraChannel.socket.close()")
        ways = [GOES_ON % befalls for befalls in BEFALLS]
        by = [canvas.evaluate(f"canvas => ({way})(({CAMERA})(canvas))") for way in ways]
        assert by == [*3 * ["the same"], *2 * ["another"]]
        connected(page, canvas)
        assert page.evaluate("lying.size") == 0
        [(note, high), (name, top)] = canvas.evaluate(PLATES % CAMERA)
        assert (note, name, high, top >= 24) == ("REC 5", "2", 0, True)  # one below the other
        assert canvas.evaluate(LEFT_MEANWHILE % CAMERA) == 0  # a closed picture has no width
        assert canvas.evaluate(NOT_ANSWERED % CAMERA) == list(range(1, 41))


def test_a_browser_that_can_t_is_told_what_to_do(look, film):
    with look(film) as page:
        page.add_init_script(NO_SIMD)
        page.route("**/*.task*", lambda route: route.abort())
        page.goto(f"/?{IN_BROWSER}")
        page.get_by_role("button", name="START").click()
        expect(page.get_by_text("The model that finds hands did not load")).to_be_visible()
        page.unroute_all()
        page.get_by_role("button", name="START").click()
        expect(page.get_by_text("can't find hands itself")).to_contain_text("the server")
        page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
        page.get_by_role("button", name="START").click()
        expect(page.get_by_text("This address is not secure")).to_be_visible()
        page.get_by_role("button", name="Settings").click()
        page.get_by_text("the server", exact=True).click()
        expect(page.locator("iframe[title*=webrtc_streamer]")).to_have_count(1)


def connected(page, canvas):
    page.wait_for_function(
        f"canvas => ({CAMERA})(canvas).wanted && mudraChannel.isOpen", arg=canvas.element_handle()
    )


def with_a_card_that_can_t(page):
    """A graphics card that is there, opens what finds keypoints, and fails at its first picture."""

    def answer(route):
        url = route.request.url
        if url.endswith("&real"):
            route.continue_()
        else:
            route.fulfill(body=THAT_CAN_T % f"{url}&real", content_type="text/javascript")

    page.route("**/vision_bundle.mjs*", answer)
    page.add_init_script(WORKER % A_CARD)


def text_of(frame):
    return frame if isinstance(frame, str) else frame.decode("latin-1")


# what the project's gestures are shown as here: each hand's photo, the left one mirrored
SHOWN = {"open_hands": ("open_palm", "open_palm"), "heart_hands": ("open_palm", "fist")}
BOTH = "[data-poses='2']"


@pytest.fixture
def hands(shared_data, tmp_path):
    """hands(gesture): a film of a photo and a mirrored one side by side, moving a little."""

    def film(gesture):
        right, left = (
            cv2.imread(
                str(sorted((shared_data / "hand_images" / "hagrid_crops" / name).iterdir())[0])
            )
            for name in SHOWN[gesture]
        )
        path = tmp_path / f"{gesture}.y4m"
        write_film(path, [both_hands(right, left, by) for by in (0, 8, 16, 8)])
        return path

    return film


def test_gestures_of_both_hands_are_taught_and_read(look, hands, store):
    with look(hands("open_hands")) as page:
        page.goto(f"/?{IN_BROWSER}")
        settled(page)
        create_project(page, "Pairs", "Both hands")
        expect(card(page, "folded_hands")).to_be_visible()
        recorded(page, "open_hands")
    with look(hands("heart_hands")) as page:
        page.goto(f"/?project=Pairs&{IN_BROWSER}")
        recorded(page, "heart_hands")
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text("test samples recognised")).to_be_visible()
        page.goto(f"/live?project=Pairs&{IN_BROWSER}")
        page.get_by_role("button", name="START").click()
        reads(page, "heart_hands")
    with look(hands("open_hands")) as page:
        page.goto("/live?project=Pairs")
        start_camera(page)
        reads(page, "open_hands")
    samples = store.samples(store.project("Pairs").id)
    assert {sample.estimator for sample in samples} == {"mediapipe-both-hands-web"}
    assert all(
        np.isfinite(sample.pose).all() and sample.pose.shape == (42, 2) for sample in samples
    )
    assert all(sample.crop_jpeg for sample in samples)


def recorded(page, gesture):
    """Start the camera and hold the button three times, once both hands are seen."""
    start_in_browser(page, BOTH)
    for _ in range(3):
        begin_hold(page, gesture, 6)
        page.mouse.up()
        assert kept(page, gesture) >= 6
