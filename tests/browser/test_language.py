"""The pages in the visitor's language: at first the browser's, then the one chosen in Settings."""

import pytest
from playwright.sync_api import Locator, Page, expect

from core.recording.camera_help import CAMERA_PROBLEMS
from pages.locale import LANGUAGES, translate
from tests.browser.conftest import WAIT_MS, set_choice
from tests.support.studio import flags, settled

pytestmark = pytest.mark.browser
DENIED = """
const denied = () => Promise.reject(new DOMException("Permission denied", "NotAllowedError"))
if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = denied
"""


@pytest.fixture
def page(open_browser, server, film):
    """A page of a Japanese browser."""
    context = open_browser(*flags(film)).new_context(
        base_url=server,
        permissions=["camera"],
        locale="ja-JP",
        viewport={"width": 1400, "height": 1000},
    )
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    yield page
    context.close()


def start_button(page: Page, language: str) -> Locator:
    return page.get_by_role("button", name=translate("START", language), exact=True)


def expect_language(page: Page, name: str, language: str) -> None:
    """A page with video is open, in this language."""
    heading = page.get_by_role("heading", name=translate(name, language), exact=True, level=1)
    expect(heading).to_be_visible()
    expect(start_button(page, language)).to_be_visible()
    expect(page.locator(".st-key-settings")).to_contain_text(translate("Settings", language))
    expect(page.locator("html")).to_have_attribute("lang", language)
    settled(page)


def test_a_page_opens_in_the_browsers_language(page):
    for name, path in (("Studio", "/"), ("Live", "/live")):
        page.goto(path)
        expect_language(page, name, "ja")


def test_a_chosen_language_is_kept_until_another_is_chosen(page):
    page.goto("/")
    expect_language(page, "Studio", "ja")
    for language in ("en", "ja"):
        set_choice(page, "Language", LANGUAGES[language])
        expect_language(page, "Studio", language)
        page.reload()
        expect_language(page, "Studio", language)


def test_what_is_wrong_with_the_camera_is_said_in_the_language(page):
    page.add_init_script(DENIED)
    page.goto("/")
    expect_language(page, "Studio", "ja")
    start_button(page, "ja").click()
    problem = translate(CAMERA_PROBLEMS["NotAllowedError"].text(""), "ja")
    expect(page.get_by_role("alert").filter(has_text=problem)).to_be_visible()
