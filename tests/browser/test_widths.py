"""Every page of the menu in a real browser, on a desk, a tablet and a phone, while the camera runs:
nothing is cut off or covered."""

import shutil

import pytest
from playwright.sync_api import expect

from pages.panels.navigation import SECTIONS, VIDEO_PAGES
from tests.browser.conftest import MEASURE, faults_after_layout, go, reads, settled
from tests.support.page_load import standing_ms
from tests.support.studio import start_camera

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]

MENU = [name for names in SECTIONS.values() for name in names]
SIZES = [(1440, 900), (1280, 900), (1024, 900), (820, 1180), (390, 844)]
TILE = ".st-key-tile"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, trained_people):
    folder = tmp_path_factory.mktemp("widths") / "workspace"
    shutil.copytree(trained_people, folder)
    return folder


@pytest.fixture(scope="module", params=MENU)
def opened(request, window):
    window.set_viewport_size({"width": 1280, "height": 900})
    if request.param != MENU[0]:
        go(window, request.param)
        standing_ms(window)
    has_video = request.param in VIDEO_PAGES
    expect(window.locator(f"{TILE} button")).to_have_count(0 if has_video else 5)
    return window


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_nothing_of_a_page_is_cut_off_or_covered(opened, size):
    page = opened
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
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
    window.set_viewport_size({"width": 1280, "height": 900})
    window.goto("about:blank")
    window.set_content(BY_HAND % FITS)
    assert window.evaluate(MEASURE.read_text()) == []
    window.set_content(BY_HAND % FAULTS)
    cut, label, covered, wide = window.evaluate(MEASURE.read_text())
    assert "cut off" in cut and "Single" in cut
    assert "cut off" in label and "Several" in label
    assert "covered" in covered and "Train" in covered
    assert "scrolls sideways" in wide


@pytest.mark.parametrize("size", [(820, 1180), (390, 844)], ids=str)
def test_no_card_moves_when_a_hand_is_seen(look, films, size):
    with look(films("fist")) as page:
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        page.goto("/?project=People")
        settled(page)
        cards = page.locator(".card")
        expect(cards.first).to_be_visible()
        before = [one.bounding_box() for one in cards.all()]
        start_camera(page)
        reads(page, "fist")
        assert [one.bounding_box() for one in cards.all()] == before
