"""The Files page in a real browser: pictures, a video that plays, files that are refused."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settled

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]

MARKUP = "<img src=x onerror=alert(1)> **b** [x](http://example.org).jpg"
BROKEN = {"name": "broken.png", "mimeType": "image/png", "buffer": b"nothing"}


def upload(page, *files):
    page.locator("input[type=file]").set_input_files(list(files))


def picture(hand_photos, gesture):
    content = hand_photos(gesture)[0].read_bytes()
    return {"name": f"{gesture}.jpg", "mimeType": "image/jpeg", "buffer": content}


def test_pictures_come_back_named_with_a_table(look, film, hand_photos):
    dialogs, foreign = [], []
    with look(film) as page:
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda r: foreign.append(r.url) if "example.org" in r.url else None)
        page.goto("/files")
        expect(page.get_by_text("Drop pictures or videos into the field")).to_be_visible()
        odd = picture(hand_photos, "open_palm") | {"name": MARKUP}
        upload(page, picture(hand_photos, "thumbs_up"), odd, BROKEN)
        expect(page.get_by_text("1 skipped")).to_be_visible()
        expect(page.get_by_text(re.compile("👍 thumbs_up"))).to_be_visible()
        expect(page.get_by_text("✋ open_palm")).to_be_visible()
        expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
        page.get_by_text("Skipped (1), and why").click()
        expect(page.get_by_text(re.compile("broken.png isn't"))).to_be_visible()
        settled(page)
        with page.expect_download() as download:
            page.get_by_role("button", name="Table (CSV)").click()
        lines = download.value.path().read_text().splitlines()
        assert len(lines) == 3
        expect(page.locator("a[href*='example.org']")).to_have_count(0)
        assert dialogs == []
        assert foreign == []


def test_a_video_plays_in_the_page(look, film, shared_data):
    with look(film) as page:
        page.goto("/files")
        path = shared_data / "hand_videos" / "fist.mp4"
        upload(page, {"name": "fist.mp4", "mimeType": "video/mp4", "buffer": path.read_bytes()})
        video = page.get_by_test_id("stVideo")
        expect(video).to_be_visible(timeout=120_000)
        playable = "video => video.readyState >= 2 && video.duration > 1 && video.videoWidth > 0"
        page.wait_for_function(playable, arg=video.element_handle())
        video.evaluate("video => { video.muted = true; return video.play() }")
        page.wait_for_function("video => video.currentTime > 0.3", arg=video.element_handle())
        expect(page.get_by_text(re.compile(r"👊 fist · \d+% of hands"))).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("button", name="Annotated video").click()
        assert download.value.path().read_bytes()[:4] == b"\x1a\x45\xdf\xa3"


# a busy browser: what is to be done at once is done late, so that all is said in one message
BUSY = """
const soon = window.setTimeout;
window.setTimeout = (act, ms, ...rest) => soon(act, ms ? ms : 3000, ...rest);
"""


def test_an_upload_told_together_with_the_first_words_of_other_parts_is_read(look, film):
    with look(film) as page:
        page.add_init_script(BUSY)
        page.goto("/files")
        expect(page.get_by_text("Drop pictures or videos into the field")).to_be_visible()
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(BROKEN)
        expect(page.get_by_text("1 skipped")).to_be_visible(timeout=20_000)
        settled(page)
