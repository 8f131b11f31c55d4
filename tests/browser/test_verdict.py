"""The verdict on a training: Train is one screen of it, and its button leads where it says."""

import json
import re
import shutil

import pytest
from playwright.sync_api import expect

from core.paths import Paths
from core.training.runs import list_runs
from tests.browser.conftest import settled
from tests.support.studio import start_camera

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]
SCREEN = {"width": 1440, "height": 900}
MAX_HEIGHT = 1_000  # pixels of the page before Details is opened


@pytest.fixture(scope="module")
def workspace(trained_people, tmp_path_factory):
    return shutil.copytree(trained_people, tmp_path_factory.mktemp("verdict") / "workspace")


def test_train_is_one_screen_and_the_wrong_samples_are_looked_at_with_one_click(
    look, films, pictures
):
    with look(films("fist")) as page:
        page.set_viewport_size(SCREEN)
        page.goto("/train?project=People")
        settled(page)
        verdict = page.locator(".st-key-verdict")
        expect(verdict.get_by_text("test samples recognised")).to_be_visible()
        main = page.get_by_test_id("stMain")
        assert main.evaluate("one => one.scrollHeight") <= MAX_HEIGHT
        assert page.get_by_text("95 % interval").count() == 0
        pictures_of = verdict.get_by_test_id("stImage")
        expect(pictures_of.first).to_be_visible()
        settled(page)  # all of them are drawn
        shown = pictures_of.count()
        page.screenshot(path=pictures / "verdict_train.png")
        verdict.get_by_role("button", name="Look at").click()
        expect(page).to_have_url(re.compile("/review"))
        expect(page.get_by_role("heading", name="Review")).to_be_visible()
        expect(page.get_by_text(f"{shown} samples").first).to_be_visible()


def test_details_are_opened_with_one_click(look, films):
    with look(films("fist")) as page:
        page.set_viewport_size(SCREEN)
        page.goto("/train?project=People")
        page.get_by_text("Details", exact=True).click()
        for title in ("Confusion matrix", "Per gesture", "Training curves"):
            expect(page.get_by_role("heading", name=title)).to_be_visible()
        expect(page.get_by_text("95 % interval").first).to_be_visible()


@pytest.fixture
def promising(workspace):
    """The training's held-out answers were all right, but of the recordings that it learned."""
    [run] = list_runs(Paths.find(workspace).runs)
    log = run.path / "log.jsonl"
    before = log.read_text()
    rows = run.records()
    [result] = [row for row in rows if row["event"] == "result"]
    result["figures"]["confusion"] = [[25, 0, 0], [0, 25, 0], [0, 0, 25]]
    result["split"] = result["protocol"]["split"] = "tail"
    log.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    yield
    log.write_text(before)


@pytest.mark.usefixtures("promising")
def test_the_first_right_answer_of_the_first_training_is_said(look, films, pictures):
    with look(films("fist")) as page:
        page.set_viewport_size(SCREEN)
        page.goto("/?project=People")
        settled(page)
        verdict = page.locator(".st-key-verdict")
        expect(verdict.get_by_text("It works, try it")).to_be_visible()
        expect(verdict.get_by_text("Show 👍 thumbs_up or 👊 fist.")).to_be_visible()
        start_camera(page)
        expect(verdict.get_by_text("👊 fist recognised.")).to_be_visible()
        page.screenshot(path=pictures / "verdict_studio.png")
        verdict.get_by_role("button", name="Record 🚫 none").click()
        expect(page.get_by_role("heading", name="Record")).to_be_visible()
        expect(page.locator(".card.chosen .name")).to_have_text("none")
