"""Wait until a page of the studio is loaded, and tell how long that took: see page_load.js."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.support.studio import PATIENCE_MS

WATCH = Path(__file__).with_suffix(".js")
WINDOW = {"width": 1280, "height": 900}


@contextmanager
def watched(browser: Browser) -> Iterator[Page]:
    """A window that keeps nothing of another one, and tells when a page stands."""
    context = browser.new_context(viewport=WINDOW, permissions=["camera"])  # type: ignore[arg-type]
    context.add_init_script(path=WATCH)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    try:
        yield page
    finally:
        context.close()


def standing_ms(page: Page) -> float:
    """Wait until the page stands; how long it took."""
    try:
        return float(page.wait_for_function("window.mudraPage?.standing()").json_value())
    except Exception:
        print("still missing:", page.evaluate("mudraPage.missing"), file=sys.stderr)
        raise
