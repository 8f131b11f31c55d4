"""When a page counts as standing, on pages written by hand."""

import pytest
from playwright.sync_api import sync_playwright

from tests.support.page_load import standing_ms, watched
from tests.support.studio import FLAGS

PAGE = """<body>
<nav data-testid="stSidebarNav"><a id="next">next</a></nav>
<div data-testid="stApp" data-test-script-state="notRunning"><main data-testid="stMain">
<h1>One</h1><p id="rest">{rest}</p></main></div></body>"""


@pytest.fixture(scope="module")
def window(chromium):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        with watched(browser) as page:
            yield page
        browser.close()


def show(window, rest=""):
    window.goto("about:blank")
    window.route("http://studio/", lambda route: route.fulfill(body=PAGE.format(rest=rest)))
    window.goto("http://studio/")


def missing(window):
    """What is missing, two pictures of the screen later."""
    window.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    return window.evaluate("mudraPage.missing")


@pytest.mark.parametrize(
    ("rest", "lacks"),
    [
        ('<i data-testid="stSkeleton"></i>', "a skeleton's end"),
        ('<i data-stale="true"></i>', "a stale element's end"),
        ('<i data-testid="stVegaLiteChart">a chart</i>', "stVegaLiteChart"),
        ('<i data-testid="stDataFrame">a table</i>', "stDataFrame"),
        ('<i hidden><i data-testid="stVegaLiteChart">a chart</i></i>', ""),  # on a shut tab
    ],
)
def test_a_page_does_not_stand_while_something_is_missing(window, rest, lacks):
    show(window, rest)
    assert missing(window) == lacks
    window.evaluate("document.querySelector('#rest').remove()")
    assert missing(window) == ""


def test_a_running_script_is_waited_for_and_after_a_click_the_page_before_does_not_count(window):
    show(window)
    standing_ms(window)
    window.click("#next")
    assert missing(window) == "the heading"
    window.evaluate("document.querySelector('h1').innerText = 'Two'")
    assert missing(window) == ""
    assert 0 < standing_ms(window) < window.evaluate("performance.now()")
    app = "document.querySelector('[data-testid=stApp]')"
    window.evaluate(f"{app}.dataset.testScriptState='running'")
    assert missing(window) == "the script's end"
