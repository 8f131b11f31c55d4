"""The Demo page in a real browser: the demo, and the camera test."""

import re

import pytest
from playwright.sync_api import expect

from core.gestures.labels import DEFAULT_GESTURES, NONE
from tests.browser.conftest import WAIT_MS, go, settled
from tests.support.studio import FLAGS

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]
FOREIGN = "mudra.test"  # a name of the studio that is not this machine's own
ENVIRONMENT = {"STREAMLIT_SERVER_ALLOWED_HOSTS": f"127.0.0.1 {FOREIGN}"}


def test_the_demo_plays_and_the_camera_can_be_tried_there_and_on_live(look, film):
    named = re.compile("|".join(f"^{g.name}$" for g in DEFAULT_GESTURES if g != NONE))
    with look(film) as page:
        page.goto("/demo")
        page.get_by_role("button", name="Play the demo").click()
        expect(page.get_by_role("heading", level=3, name=named)).to_be_visible()
        page.get_by_role("button", name="Stop the demo").click()
        expect(page.get_by_role("button", name="Play the demo")).to_be_visible()
        expect(page.get_by_text("A camera is there")).to_be_visible()
        page.get_by_role("button", name="Test the camera").click()
        expect(page.get_by_text("The camera works")).to_be_visible()
        go(page, "Live")
        settled(page)
        page.wait_for_timeout(1000)  # the camera's frame reports in; what was opened would close
        page.get_by_role("button", name="Settings").click()
        page.get_by_text("Camera trouble?").click()
        page.get_by_role("button", name="Test the camera").click()
        expect(page.get_by_text("The camera works")).to_be_visible()


DENIED = """
const denied = () => Promise.reject(new DOMException("Permission denied", "NotAllowedError"))
if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = denied
"""


@pytest.mark.parametrize(
    ("flags", "secure", "says"),
    [
        (["--use-fake-device-for-media-stream", "--deny-permission-prompts"], True, "not allowed"),
        (["--use-fake-ui-for-media-stream"], True, "No camera was found"),
        ([], False, "This address is not secure"),
    ],
)
def test_camera_trouble_is_explained_with_its_fix(open_browser, server, flags, secure, says):
    plain = [flag for flag in FLAGS if "fake" not in flag]
    plain.append(f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1")
    context = open_browser(*plain, *flags).new_context(viewport={"width": 1280, "height": 900})
    if says == "not allowed":  # without a window nobody is asked: what the others do then
        context.add_init_script(DENIED)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto((server if secure else server.replace("127.0.0.1", FOREIGN)) + "/demo")
    settled(page)
    page.get_by_role("button", name="Test the camera").click()
    expect(page.get_by_text(says)).to_be_visible()
    if not secure:  # where it is: at its own port
        port = server.rpartition(":")[2]
        expect(page.get_by_text(f"http://localhost:{port} on the machine")).to_be_visible()
    page.get_by_role("link", name="Upload pictures or a snapshot").click()
    expect(page.get_by_role("heading", name="Record", level=1)).to_be_visible()
    context.close()
