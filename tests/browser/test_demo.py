"""The Demo page in a real browser: the demo, the demo project, the camera test."""

import re

import pytest
from playwright.sync_api import expect

from core.gestures.labels import DEFAULT_GESTURES, NONE
from core.jobs.trainings import TrainingManager
from core.paths import Paths
from core.store import Store
from tests.browser.conftest import SIZES, WAIT_MS, light_and_dark, settled
from tests.support.studio import FLAGS

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]
FOREIGN = "mudra.test"  # a name of the studio that is not this machine's own
ENVIRONMENT = {"STREAMLIT_SERVER_ALLOWED_HOSTS": f"127.0.0.1 {FOREIGN}"}


def test_the_demo_plays_and_names_gestures(look, film, pictures):
    named = re.compile("|".join(f"^{g.name}$" for g in DEFAULT_GESTURES if g != NONE))
    with look(film) as page:
        page.goto("/demo")
        page.get_by_role("button", name="Play the demo").click()
        expect(page.get_by_role("heading", level=3, name=named)).to_be_visible()
        for name, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            expect(page.get_by_role("heading", level=3, name=named)).to_be_visible()
            page.wait_for_timeout(500)
            page.get_by_test_id("stImage").scroll_into_view_if_needed()
            light_and_dark(page, pictures / f"demo_{name}.png")
        page.get_by_role("button", name="Stop the demo").click()
        expect(page.get_by_role("button", name="Play the demo")).to_be_visible()


@pytest.mark.slow
def test_a_demo_project_is_filled_and_trained_while_its_tab_is_closed(
    look, film, pictures, workspace
):
    with look(film) as page:
        page.goto("/demo")
        page.get_by_role("button", name="Fill a demo project").click()
        expect(page.get_by_text("360 samples of 9 gestures")).to_be_visible()
        settled(page)
        page.screenshot(path=pictures / "demo_filled.png", full_page=True)
        page.get_by_role("link", name="Train it").click()
        expect(page.get_by_role("heading", name="Train", level=1)).to_be_visible()
        expect(page.get_by_label("Project", exact=True)).to_have_value("Demo")
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        other = page.context.new_page()
        page.close()
        other.goto("/train?project=Demo")
        used = other.get_by_text("The Live page uses this model")
        expect(used).to_be_visible(timeout=300_000)
        other.screenshot(path=pictures / "demo_trained.png", full_page=True)
    paths = Paths.find(workspace)
    store = Store(paths.database)
    assert [run.status() for run in TrainingManager(store, paths).runs(store.project("Demo"))] == [
        "done"
    ]
    store.close()


def test_a_camera_that_is_there_is_found_and_opens(look, film, pictures):
    with look(film) as page:
        page.goto("/demo")
        expect(page.get_by_text("A camera is there")).to_be_visible()
        page.get_by_role("button", name="Test the camera").click()
        expect(page.get_by_text("The camera works")).to_be_visible()
        page.screenshot(path=pictures / "demo_camera_works.png", full_page=True)


def test_the_pages_with_a_camera_offer_the_test_too(look, film, pictures):
    with look(film) as page:
        page.goto("/live")
        expect(page.get_by_role("heading", name="Live", level=1)).to_be_visible()
        settled(page)
        page.wait_for_timeout(1000)  # the camera's frame reports in; what was opened would close
        page.get_by_role("button", name="Settings").click()
        page.get_by_text("Camera trouble?").click()
        page.get_by_role("button", name="Test the camera").click()
        expect(page.get_by_text("The camera works")).to_be_visible()
        page.screenshot(path=pictures / "probe_on_live.png")


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
def test_camera_trouble_is_explained_with_its_fix(
    open_browser, server, pictures, flags, secure, says
):
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
    page.get_by_text(says).scroll_into_view_if_needed()
    if not secure:  # where it is: at its own port
        port = server.rpartition(":")[2]
        expect(page.get_by_text(f"http://localhost:{port} on the machine")).to_be_visible()
    page.screenshot(path=pictures / f"demo_{says.replace(' ', '_')}.png")
    page.get_by_role("link", name="Upload pictures or a snapshot").click()
    expect(page.get_by_role("heading", name="Record", level=1)).to_be_visible()
    context.close()
