"""Where things stand: the video is the heart of its pages, Studio needs no scrolling."""

from contextlib import closing

import pytest
from playwright.sync_api import expect

from core.paths import Paths
from core.pose.skeletons.table import BODY_33
from core.store import Store
from tests.browser.conftest import choose, go, settled
from tests.support.studio import start_camera

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]
FRAME = 'iframe[title*="webrtc_streamer"]'


def _box(page, where):
    return page.locator(where).last.bounding_box()


def _share(page):
    """The video's part of the main part's width."""
    return _box(page, FRAME)["width"] / _box(page, '[data-testid="stMain"]')["width"]


def test_the_video_takes_most_of_its_pages_and_grows_with_the_window(look, films):
    with look(films("thumbs_up")) as page:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto("/")
        start_camera(page)
        settled(page)
        for name in ("Live", "Record", "Heatmaps", "Body", "Studio"):
            go(page, name)
            settled(page)
            assert _share(page) >= 0.55, name
        before = _box(page, FRAME)["width"]
        page.set_viewport_size({"width": 1800, "height": 1100})
        page.wait_for_function(
            "before => document.querySelector('iframe[title*=webrtc]').clientWidth > 1.3 * before",
            arg=before,
        )


def test_studio_s_three_parts_are_seen_without_scrolling(look, films, pictures):
    with look(films("thumbs_up")) as page:
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto("/")
        start_camera(page)
        expect(page.locator(".st-key-studio_answer [role=meter]").first).to_be_visible()
        settled(page)
        page.screenshot(path=pictures / "studio_1280x800.png")
        expect(page.locator(".card")).to_have_count(9)
        train = page.get_by_role("button", name="Train", exact=True)
        for part in (page.locator(FRAME), page.locator(".card").last, train):
            expect(part).to_be_in_viewport(ratio=1)
        for meter in page.locator(".st-key-studio_answer [role=meter]").all():
            expect(meter).to_be_in_viewport(ratio=1)


def test_no_name_of_an_arm_pose_is_cut_on_its_card(look, films, workspace):
    with closing(Store(Paths(workspace, Paths.find().weights).database)) as store:
        store.create_project("Arms", skeleton=BODY_33.name)
    with look(films("thumbs_up")) as page:
        page.goto("/?project=Arms")
        choose(page, "hands_on_hips")  # the longest, bold now
        for width in (1400, 1280, 1024):
            page.set_viewport_size({"width": width, "height": 900})
            settled(page)
            cut = page.locator(".card .name").evaluate_all(
                "all => all.filter((n) => n.scrollWidth > n.clientWidth).map((n) => n.innerText)"
            )
            assert cut == [], width


def test_on_a_tablet_held_upright_the_video_comes_first_and_stays(look, films, pictures):
    with look(films("thumbs_up")) as page:
        page.set_viewport_size({"width": 820, "height": 1180})
        page.goto("/")
        start_camera(page)
        settled(page)
        assert _box(page, FRAME)["y"] < page.locator(".card").first.bounding_box()["y"]
        page.locator(".card").last.scroll_into_view_if_needed()
        page.mouse.wheel(0, 2000)
        page.screenshot(path=pictures / "studio_tablet.png")
        expect(page.locator(FRAME)).to_be_in_viewport(ratio=0.9)
        expect(page.locator(".card").last).to_be_in_viewport(ratio=1)
