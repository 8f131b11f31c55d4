"""What the browser tests share: one studio, Chromium with a fake camera, what a person does."""

import json
import os
import re
import socket
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Error, Locator, Page, expect, sync_playwright

from core.media.videos import read_video
from core.modelfiles.browser_files import has_browser_files
from core.paths import Paths
from core.store import Store
from tests.conftest import lacking
from tests.support import page_load
from tests.support.studio import LOG, ROOT, flags, settled, start_camera, studio

WAIT_MS = 60_000  # machines that run tests may share their cores
expect.set_options(timeout=WAIT_MS)
FPS = 10  # of the films: every frame costs the browser and the server as much as it will
FRAMES_A_PHOTO = 4
MEASURE = Path(__file__).with_name("widths.js")
SIZES = {"wide": (1280, 900), "tablet": (820, 1180)}


# ------------------------------------------------------------------------- the server and browser


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture
def store(workspace):
    with closing(Store(Paths.find(workspace).database)) as store:
        yield store


@pytest.fixture(scope="package")
def pictures(tmp_path_factory):
    """Where screenshots go: MUDRA_SCREENSHOTS, else a temporary folder."""
    chosen = os.environ.get("MUDRA_SCREENSHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def browser_files(weights_folder):
    """The files with which a browser finds keypoints are prepared."""
    if not has_browser_files(weights_folder):
        lacking(f"no files for a browser in {weights_folder}", "run `make setup`")


@pytest.fixture(scope="module")
def server(workspace, request):
    """The studio on a free port, with the module's ENVIRONMENT where it has one; its address."""
    with studio(workspace, getattr(request.module, "ENVIRONMENT", {})) as (address, _):
        yield address
    said = without_closed_websockets((workspace / LOG).read_text())
    assert "Traceback" not in said, said


_TRACEBACK = r"Traceback \(most recent call last\):\n(?:  .*\n)+"
_GONE = r"starlette\.websockets\.WebSocketDisconnected: .*\n"
_CHAINED = r"\nDuring handling of the above exception, another exception occurred:\n\n"
_CLOSED = re.compile(f"(?:{_TRACEBACK}{_GONE}{_CHAINED})?{_TRACEBACK}{_GONE}")
_PASSING = r"admin/web_access\.py"  # every connection goes through them
_OURS = re.compile(rf'File "{re.escape(str(ROOT))}/(app\.py|core/(?!{_PASSING})|pages/)')


def without_closed_websockets(log: str) -> str:
    """The log without the tracebacks in which Streamlit, and nothing of ours, goes on reading a
    websocket that its browser has closed; it closes the session itself afterwards."""
    return _CLOSED.sub(lambda found: found[0] if _OURS.search(found[0]) else "", log)


@pytest.fixture(scope="package")
def open_browser(chromium):
    """open_browser(*flags): a Chromium, the same for all tests that ask for the same flags."""
    opened = {}
    with sync_playwright() as playwright:

        def open_with(*flags):
            if flags not in opened:
                launch = playwright.chromium.launch
                opened[flags] = launch(executable_path=chromium, args=flags)
            return opened[flags]

        yield open_with
        for browser in opened.values():
            browser.close()


@pytest.fixture(scope="module")
def look(open_browser, server, pictures):
    """look(film) opens the studio with a camera that shows the film."""

    @contextmanager
    def open_with(film, *, dark=False, address=server):
        context = open_browser(*flags(film)).new_context(
            base_url=address,
            permissions=["camera"],
            viewport={"width": 1400, "height": 1000},
            color_scheme="dark" if dark else "light",
        )
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        events = watched(page)
        try:
            yield page
        except BaseException:
            print(*events, sep="\n")
            with suppress(Error):  # the page may be gone
                print(page.get_by_test_id("stMain").inner_text(timeout=1000)[:3000])
                print(page.locator(".cards").all_inner_texts())  # they lie in a shadow
                print(page.locator(".hold").evaluate_all("all => all.map(one => one.title)"))
            raise
        finally:
            with suppress(Error):  # as the test leaves it, to be looked at
                test = re.sub(r"\W+", "_", os.environ["PYTEST_CURRENT_TEST"].partition("::")[2])
                page.screenshot(path=pictures / f"{test}.png", full_page=True)
            context.close()

    return open_with


def watched(page: Page) -> list[str]:
    """What the browser says and which frames come and go, from now on, for a test that fails."""
    events: list[str] = []

    def note(kind: str, what: str) -> None:
        events.append(f"{time.strftime('%T')} {kind}: {what[:200]}")

    page.on("console", lambda message: note("console", message.text))
    page.on("pageerror", lambda error: note("error", str(error)))
    page.on("framenavigated", lambda frame: note("loaded", frame.url))
    page.on("framedetached", lambda frame: note("frame is gone", frame.url))
    return events


# -------------------------------------------------------------------------------------- the films


@pytest.fixture(scope="package")
def films(shared_data, tmp_path_factory):
    """films(gesture): the photos of a gesture as a film for the fake camera."""
    folder = tmp_path_factory.mktemp("films")
    video = shared_data / "hand_videos" / "slideshow_emrecandir.mp4"
    about = json.loads(video.with_suffix(".json").read_text())

    def film(gesture):
        path = folder / f"{gesture}.y4m"
        if not path.exists():
            [part] = [p for p in about["timeline"] if p["gesture"] == gesture]
            every = round(about["fps"] * (part["end_s"] - part["start_s"]) / part["photos"])
            first = round(part["start_s"] * about["fps"])
            frames = [frame.rgb[..., ::-1] for frame in read_video(video)]
            write_film(path, frames[first : first + every * part["photos"] : every])
        return path

    return film


def write_film(path, photos_bgr, frames_a_photo=FRAMES_A_PHOTO):
    """A Y4M file, each photo held for so many frames."""
    high, wide = photos_bgr[0].shape[:2]
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{wide} H{high} F{FPS}:1\n".encode())
        for photo in photos_bgr:
            planes = cv2.cvtColor(photo, cv2.COLOR_BGR2YUV_I420)
            film.write((b"FRAME\n" + planes.tobytes()) * frames_a_photo)


@pytest.fixture
def two_signs(films, tmp_path):
    """A camera that shows 👍 for a while, then ✋, and again."""
    both = tmp_path / "both.y4m"
    parts = [films(gesture).read_bytes() for gesture in ("thumbs_up", "open_palm")]
    both.write_bytes(parts[0] + parts[1].partition(b"\n")[2])  # one header is enough
    return both


@pytest.fixture(scope="module")
def window(open_browser, server, film):
    """A window whose camera runs, and floats in a corner on pages without video; for modules whose
    workspace has a project “People”."""
    with page_load.watched(open_browser(*flags(film))) as page:
        page.goto(f"{server}/?project=People")
        start_camera(page)
        yield page


@pytest.fixture
def receiver():
    """A socket for OSC's messages, on a free port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(30)
        yield receiver


@pytest.fixture(scope="package")
def film(tmp_path_factory):
    """A camera that shows grey."""
    path = tmp_path_factory.mktemp("film") / "grey.y4m"
    write_film(path, [np.full((480, 640, 3), 128, np.uint8)])
    return path


# ------------------------------------------------------------------------------- what a person does


def go(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_text(name, exact=True).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def create_project(page: Page, name: str, kind: str) -> None:
    """Create a project about hands, both hands or bodies in the sidebar."""
    page.get_by_role("button", name="New", exact=True).click()
    page.get_by_label("Name", exact=True).last.fill(name)
    page.get_by_text(kind, exact=True).click()
    page.get_by_role("button", name="Create").click()
    settled(page)


def set_choice(page: Page, name: str, option: str) -> None:
    """Open the settings and choose from a list there; they stay open."""
    page.locator(".st-key-settings").get_by_role("button").click()  # in any language
    box = page.get_by_role("combobox", name=name)
    expect(box).to_be_visible()
    wanted = page.get_by_role("option", name=option)
    for _ in range(10):  # what opens draws the page anew, which may close the list again
        settled(page)
        box.press("ArrowDown")  # opens it also where a click would only take the focus
        with suppress(AssertionError):
            expect(wanted).to_be_visible(timeout=2000)
            break
    wanted.click()
    settled(page)


def card(page: Page, gesture: str) -> Locator:
    named = page.locator(".name", has_text=re.compile(f"^{re.escape(gesture)}$"))
    return page.locator(".card").filter(has=named)


def press_text(page: Page, text: str) -> None:
    """Press what is written on the page, and wait until it is drawn."""
    page.get_by_test_id("stMain").get_by_text(text, exact=True).first.click()
    settled(page)


def choose(page: Page, gesture: str) -> None:
    card(page, gesture).locator(".choose").click()
    is_chosen(page, gesture)


def is_chosen(page: Page, gesture: str) -> None:
    expect(card(page, gesture).locator(".choose")).to_have_attribute("aria-pressed", "true")
    all_is_heard(page)


def all_is_heard(page: Page) -> None:
    """What was said on the cards was obeyed, and the page drawn."""
    expect(page.locator(".list")).to_have_attribute("aria-busy", "false")
    settled(page)


def button_to_hold(page: Page, gesture: str) -> Locator:
    """The gesture's record button, once it can be pressed."""
    button = card(page, gesture).locator(".hold")
    expect(button).to_have_attribute("aria-disabled", "false")
    return button


def start_in_browser(
    page: Page, found: str = "[data-poses='1']", timeout: float = WAIT_MS
) -> Locator:
    """Press START where the browser finds keypoints, and wait for a canvas with what is found."""
    page.get_by_role("button", name="START").click()
    canvas = page.locator(f"canvas{found}")
    expect(canvas).to_be_visible(timeout=timeout)
    return canvas


def begin_hold(page: Page, gesture: str, at_least: int = 3) -> None:
    """Press the mouse on the gesture's button, and hold it until so many samples are kept."""
    button_to_hold(page, gesture).hover()
    page.mouse.down()
    keeps(page, gesture, at_least)


def begin_performance(page: Page, gesture: str) -> None:
    """Press the mouse on the button of a gesture that moves, and hold it until one whole movement
    is in it, wherever the film is."""
    button_to_hold(page, gesture).hover()
    page.mouse.down()
    recorded_s = card(page, gesture).locator(".count")
    expect(recorded_s).to_have_text(re.compile(r"● [5-9]\.\d s"))


def hold(page: Page, gesture: str, at_least: int = 3) -> int:
    """Hold the gesture's button until so many samples are kept; how many it were in the end."""
    begin_hold(page, gesture, at_least)
    page.mouse.up()
    return kept(page, gesture)


def keeps(page: Page, gesture: str, at_least: int = 3) -> None:
    any_more = "|".join(str(n) for n in range(at_least, 10)) + r"|\d\d+"
    expect(card(page, gesture).locator(".count")).to_have_text(re.compile(f"● ({any_more}) saved"))


def kept(page: Page, gesture: str) -> int:
    """How many samples of the gesture were kept, as the page says once it records no more."""
    expect(page.locator(".card.busy")).to_have_count(0)
    all_is_heard(page)
    text = page.locator(".status").inner_text()
    found = re.search(rf"{re.escape(gesture)}: (\d+) saved", text)
    assert found, text
    return int(found[1])


def reads(page: Page, gesture: str) -> None:
    expect(page.get_by_role("heading", name=gesture, level=3)).to_be_visible()


def offered(page: Page) -> Locator:
    """What the bar at the top of the window offers to undo."""
    return page.locator("[class*='st-key-act_bar_'] [role=status]")


def undo_here(page: Page) -> None:
    page.locator("[class*='st-key-act_undo_'] button").last.click()


def stored(workspace, gesture):
    """How many samples of the gesture the first project has, or would have."""
    with closing(Store(Paths.find(workspace).database)) as store:
        if "My gestures" not in [project.name for project in store.projects()]:
            store.create_project("My gestures")
        rows = store.overview(store.project("My gestures").id)
    return next(row.samples for row in rows if row.gesture.name == gesture)


def faults_after_layout(page):
    """What doesn't fit, once charts have followed the width, for which they take a moment."""
    for _ in range(20):
        faults = page.evaluate(MEASURE.read_text())
        if not faults:
            break
        page.wait_for_timeout(100)
    return faults
