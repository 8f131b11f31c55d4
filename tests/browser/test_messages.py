"""What is said in one moment, in a real browser: no click and no upload is lost beside what parts
of the page tell by themselves."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settled

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]
# a busy browser: what is to be done at once is done late, so that all is said in one message
BUSY = """
const soon = window.setTimeout;
window.setTimeout = (act, ms, ...rest) => soon(act, ms ? ms : 3000, ...rest);
"""


def test_an_upload_told_together_with_the_first_words_of_other_parts_is_read(
    look, film, shared_data
):
    with look(film) as page:
        page.add_init_script(BUSY)
        page.goto("/files")
        expect(page.get_by_text("Drop pictures or videos into the field")).to_be_visible()
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
            {"name": "broken.png", "mimeType": "image/png", "buffer": b"nothing"}
        )
        expect(page.get_by_text("1 skipped")).to_be_visible(timeout=20_000)
        settled(page)
