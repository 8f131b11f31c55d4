"""Every page of the menu in a real browser at three widths: nothing is cut off or covered."""

import shutil
from pathlib import Path

import pytest

from pages.panels.navigation import SECTIONS
from tests.support.page_load import standing_ms, watched
from tests.support.studio import FLAGS

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]

MENU = [name for names in SECTIONS.values() for name in names]
WIDTHS = (1280, 1024, 820)
MEASURE = Path(__file__).with_name("widths.js")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, trained_people):
    folder = tmp_path_factory.mktemp("widths") / "workspace"
    shutil.copytree(trained_people, folder)
    return folder


@pytest.fixture(scope="module")
def window(open_browser):
    with watched(open_browser(*FLAGS)) as page:
        yield page


@pytest.fixture(scope="module", params=MENU)
def opened(request, window, server):
    window.set_viewport_size({"width": WIDTHS[0], "height": 900})
    window.goto(f"{server}/?project=People")
    standing_ms(window)
    if request.param != MENU[0]:
        window.get_by_test_id("stSidebarNav").get_by_text(request.param, exact=True).click()
        standing_ms(window)
    return window


def faults_after_layout(page):
    """What doesn't fit, once charts have followed the width, for which they take a moment."""
    for _ in range(20):
        faults = page.evaluate(MEASURE.read_text())
        if not faults:
            break
        page.wait_for_timeout(100)
    return faults


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_of_a_page_is_cut_off_or_covered(opened, width):
    page = opened
    page.set_viewport_size({"width": width, "height": 900})
    assert faults_after_layout(page) == []


BY_HAND = """<div data-testid="stAppViewContainer"><div data-testid="stMain" style="width:600px">
%s
</div></div>"""
FITS = "<button>Single shot</button>"
FAULTS = """
<button style="width:40px;overflow:hidden;white-space:nowrap">Single shot</button>
<label style="display:block;width:40px;white-space:nowrap">Several shots</label>
<p style="position:relative">
  <button>Train</button><i style="position:absolute;inset:0;background:#fff"></i>
</p>
<p style="width:700px">wide</p>
"""


def test_what_does_not_fit_is_found(window):
    window.goto("about:blank")
    window.set_content(BY_HAND % FITS)
    assert window.evaluate(MEASURE.read_text()) == []
    window.set_content(BY_HAND % FAULTS)
    cut, label, covered, wide = window.evaluate(MEASURE.read_text())
    assert "cut off" in cut and "Single" in cut
    assert "cut off" in label and "Several" in label
    assert "covered" in covered and "Train" in covered
    assert "scrolls sideways" in wide
