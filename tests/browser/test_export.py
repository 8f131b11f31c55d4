"""The Export page in a real browser: a model is downloaded, and taken in by another project."""

import re
import zipfile

import pytest
from playwright.sync_api import expect

from core.gestures.modelfile.bundle import MEMBERS, check_bundle
from tests.browser.conftest import go, settled

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]

MARKUP = "<img src=x onerror=alert(1)> **b** [x](http://example.org).gesture"


def test_a_model_goes_out_and_comes_in(look, film, tmp_path):
    dialogs = []
    with look(film) as page:
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.goto("/export")
        expect(page.get_by_text("answers match on 16 test hands")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download My-gestures.gesture").click()
        assert download.value.suggested_filename == "My-gestures.gesture"
        file = tmp_path / "a.gesture"
        download.value.save_as(file)
        with zipfile.ZipFile(file) as archive:
            assert set(archive.namelist()) == set(MEMBERS)
        assert len(check_bundle(file).model.gestures) == 9

        page.get_by_role("tab", name="Import a model").click()
        field = page.locator("input[type=file][accept*=gesture]")
        field.set_input_files(
            {"name": MARKUP, "mimeType": "application/zip", "buffer": file.read_bytes()[:-50]}
        )
        expect(page.get_by_text(re.compile("isn't a zip that can be read"))).to_be_visible()
        settled(page)
        field.set_input_files(
            {"name": MARKUP, "mimeType": "application/zip", "buffer": file.read_bytes()}
        )
        add = page.get_by_role("button", name="Add to My gestures")
        expect(add).to_be_visible()
        settled(page)
        add.click()
        expect(page.get_by_text(re.compile("model added to"))).to_be_visible()
        expect(page.locator("a[href*='example.org']")).to_have_count(0)
        settled(page)
        go(page, "Train")
        expect(page.get_by_label("Trainings")).to_have_value(re.compile("from .*onerror=alert"))
    assert dialogs == []
