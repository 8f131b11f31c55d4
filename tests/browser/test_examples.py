"""The receivers of docs/actions.md, run as they stand there, and the example client that draws in
the air; in Chromium, by the real WebSocket's messages, where pages from elsewhere stay outside."""

import re
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from playwright.sync_api import expect

from core.actions import actions as module
from core.actions.actions import Actions, Settings
from core.actions.changes import Change
from core.actions.osc import OscOut
from core.actions.websocket import WebSocketOut, new_token
from core.gestures.labels import DEFAULT_GESTURES
from core.pose.skeletons.table import ICVL_16, SKELETONS
from core.pose.types import Estimate, Pose
from core.reading.reading import HandReading
from tests.conftest import wait_until
from tests.support.studio import FLAGS, ROOT

ACTIONS = ROOT / "docs" / "actions.md"
OPEN_PALM = Change(1.0, DEFAULT_GESTURES[7], 8, 0.965, "Left", "Demo", "starter")


def example(language, holding):
    """The document's one block in a language that holds a text."""
    text = ACTIONS.read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    [block] = [block for block in blocks if holding in block]
    return block


def test_the_python_receiver_prints_what_is_sent():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = example("python", "pythonosc").replace("12000", str(port))
    receiver = subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    out, said = OscOut(port=port), []
    reader = threading.Thread(target=lambda: said.extend(receiver.stdout))
    reader.start()
    try:
        end = time.monotonic() + 20
        while not len(said) >= 2 and time.monotonic() < end:  # UDP: until it listens
            out.send(OPEN_PALM)
            time.sleep(0.1)
    finally:
        receiver.kill()
        receiver.wait(5)
        reader.join(5)
        receiver.stdout.close()
        out.close()
    assert said[:2] == ["class 8\n", "Left ✋ open_palm 96%\n"]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def site():
    """The examples' folder as a site of its own; its origin."""
    handler = partial(Quiet, directory=ROOT / "docs" / "examples")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.browser
def test_the_javascript_receiver_hears_in_a_page_that_was_named_and_in_no_other(open_browser, site):
    token = new_token()
    out = WebSocketOut(token, 0, origins=(site,))
    code = example("js", "new WebSocket").replace("8765/?token=…", f"{out.port}/?token={token}")
    said = []
    page = open_browser(*FLAGS).new_page()
    page.on("console", lambda message: said.append(message.text))
    page.goto(site.replace("127.0.0.1", "localhost"))
    with page.expect_console_message(lambda m: "403" in m.text):
        page.add_script_tag(content=code)
    assert out.clients == 0
    page.goto(site)
    said.clear()
    page.add_script_tag(content=code)
    wait_until(lambda: page.wait_for_timeout(20) or out.clients)
    with page.expect_console_message(lambda m: "open_palm" in m.text):
        out.send(OPEN_PALM)
    page.close()
    out.close(wait=True)
    assert said == ["Left ✋ open_palm"]


PAINTED = """() => {
  const { width, height } = canvas
  const alpha = drawing.getImageData(0, 0, width, height).data.filter((_, i) => i % 4 == 3)
  const found = [...alpha.keys()].filter(i => alpha[i])
  const xs = found.map(i => i % width / width), ys = found.map(i => Math.floor(i / width) / height)
  return found.length ? [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)] : []
}"""


def hand(x, thumb_to_index, tips=0.2):
    """A hand's reading at x of the picture's width, 200 by 100 px, and half its height; its tips
    apart in metres."""
    world = np.zeros((21, 3), np.float32)
    world[[5, 9, 13, 17]] = (0, -0.08, 0)
    world[[12, 16, 20]] = (0, -tips, 0)
    world[4], world[8] = (0, -tips, 0), (0, -tips, thumb_to_index)
    at = np.full((21, 2), (200 * x - 0.5, 49.5), np.float32)
    return HandReading(Pose(at, np.ones(21, np.float32), world=world), hand="Right")


@pytest.fixture
def actions(site, monkeypatch):
    """Told by WebSocket, hands in space too; only what is offered takes a hand back."""
    monkeypatch.setattr(module, "FRAME_TIMEOUT_S", 600)
    actions = Actions()
    actions.configure(
        Settings(websocket=True, websocket_port=0, token=new_token(), origins=(site,), joints=True)
    )
    yield actions
    actions.close()


@pytest.fixture
def page(open_browser, site, actions):
    """The example, listening."""
    page = open_browser(*FLAGS).new_page(viewport={"width": 400, "height": 300})
    page.goto(f"{site}/draw.html#{actions.status().address}")
    expect(page.get_by_text("Pinch to draw")).to_be_visible()
    wait_until(lambda: actions.status().clients == 1)
    yield page
    page.close()


@pytest.mark.browser
def test_a_pinch_draws_a_grab_wipes_and_a_lost_hand_is_hidden(page, actions):
    def offer(*readings, time_s=1.0):
        poses = tuple(reading.pose for reading in readings)
        actions.offer(readings, time_s, Estimate(poses, (100, 200), "mediapipe-hands", time_s))

    offer(hand(0.2, 0.08))  # open: it shows where the hand is, and draws nothing
    expect(page.locator("i")).to_have_css("left", "80px")
    assert page.evaluate(PAINTED) == []
    for x in (0.3, 0.5, 0.7):
        offer(hand(x, 0.01))
    page.wait_for_function(f"({PAINTED})()[1] > 0.69")
    assert page.evaluate(PAINTED) == pytest.approx([0.3, 0.7, 0.5, 0.5], abs=0.03)
    offer(hand(0.7, 0.08))
    offer(hand(0.85, 0.01))  # a new line, not the old one's end
    offer(hand(0.9, 0.01))
    page.wait_for_function(f"({PAINTED})()[1] > 0.89")
    assert page.evaluate("drawing.getImageData(310, 150, 1, 1).data[3]") == 0
    offer(time_s=2.0)
    expect(page.locator("i")).to_be_hidden()
    offer(hand(0.5, 0.02, tips=0.05), time_s=2.1)
    page.wait_for_function(f"({PAINTED})().length == 0")
    actions.close()
    expect(page.get_by_text("can't be reached")).to_be_visible()


@pytest.mark.browser
def test_it_knows_the_fingertips_of_every_hand_and_a_body_s_hands(page):
    hands = {name: one for name, one in SKELETONS.items() if "thumb_tip" in one.joints}
    wanted = {name: [one.index("thumb_tip"), one.index("index_tip")] for name, one in hands.items()}
    body = SKELETONS["body_33"]
    wanted["body_33"] = [body.index("left_index"), body.index("right_index")]
    assert page.evaluate("TIPS") == wanted


@pytest.mark.browser
def test_a_hand_in_depth_draws_and_a_body_does_with_its_hands_together(page, actions):
    def offer(world, skeleton, x, space="metres"):
        at = np.full((len(world), 2), (200 * x - 0.5, 49.5), np.float32)
        scores = np.ones(len(world), np.float32)
        pose = Pose(at, scores, world=world.astype(np.float32), space=space)
        reading = HandReading(pose, hand="body" if skeleton == "body_33" else "hand")
        estimate = Estimate((pose,), (100, 200), "any", 1.0, skeleton=skeleton)
        actions.offer((reading,), 1.0, estimate)

    depth = np.zeros((16, 3))  # its thumb and index finger meet, the others are stretched
    depth[1:] = (0, -90, 600)
    depth[[ICVL_16.index(f"{f}_tip") for f in ("middle", "ring", "little")]] = (0, -190, 600)
    depth[0] = (0, 0, 600)
    for x in (0.1, 0.3):
        offer(depth, "icvl_16", x, "millimetres")
    page.wait_for_function(f"({PAINTED})()[1] > 0.29")
    body = np.zeros((33, 3))
    body[20] = (0.4, 0, 0)  # the hands are apart
    for x in (0.5, 0.7):
        offer(body, "body_33", x)
    expect(page.locator("i").nth(1)).to_have_css("left", "280px")
    assert page.evaluate(PAINTED)[1] < 0.32
    body[20] = (0.1, 0, 0)
    for x in (0.7, 0.9):
        offer(body, "body_33", x)
    page.wait_for_function(f"({PAINTED})()[1] > 0.89")
    offer(np.zeros((17, 3)), "coco_17", 0.5)
    expect(page.get_by_text("doesn't know the fingertips of coco_17")).to_be_visible()
