"""Rough use in a real browser: markup as names, two windows, closed tabs, a killed server."""

import re
import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from core.paths import Paths
from core.store import NewSample, Store
from tests.browser.conftest import (
    WAIT_MS,
    begin_hold,
    button_to_hold,
    card,
    choose,
    keeps,
    kept,
    settled,
    stored,
)
from tests.support.studio import start_camera, studio

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]

MARKUP = (
    "<img src=//evil.test/a onerror=alert(1)>",
    "![a](https://evil.test/b.png)",
    "<script>alert(1)</script>",
    "[a](javascript:alert(1)) **b** :red[c]",
    "$\\href{//evil.test}{x}$ `d` <b>e</b>",
)


def _stored_markup(workspace):
    """A project, gestures, persons and files that are all called so."""
    import numpy as np

    store = Store(Paths.find(workspace).database)
    project = store.create_project(MARKUP[0])
    for name in MARKUP:
        gesture = store.add_gesture(project.id, name, "✋")
        person = store.ensure_person(project.id, name)
        session = store.start_session(project.id, person.id, name)
        burst = store.start_recording(session, gesture.id)
        points = np.random.default_rng(0).uniform(10, 90, (21, 2)).astype(np.float32)
        scores = np.ones(21, np.float32)
        store.add_samples(burst, [NewSample(points, scores, name, False, "mediapipe-hands")])
    store.close()


def test_names_that_are_markup_are_shown_as_they_are_written(
    look, films, workspace, server, pictures
):
    with look(films("thumbs_up")) as page:
        page.goto("/")
        settled(page)
        _stored_markup(workspace)
        asked, dialogs = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        for name in ("", "record", "train", "live"):
            page.goto(f"/{name}")
            settled(page)
            page.get_by_label("Project", exact=True).click()
            page.get_by_role("option", name=MARKUP[0]).click()
            settled(page)
            expect(page.get_by_label("Project", exact=True)).to_have_value(MARKUP[0])
            expect(page.get_by_test_id("stException")).to_have_count(0)
            main = page.get_by_test_id("stMain")
            expect(
                main.locator("img[src*=evil], a[href*=evil], a[href^=javascript]")
            ).to_have_count(0)
            if name == "record":
                for shown in MARKUP:
                    beginning = shown.split("://")[0]  # an address is kept from becoming a link
                    expect(main.get_by_text(beginning).first).to_be_visible()
            page.screenshot(path=pictures / f"markup_{name or 'home'}.png", full_page=True)
        hosts = {urlsplit(url).netloc for url in asked if url.startswith(("http", "ws"))}
        assert hosts <= {urlsplit(server).netloc} and not dialogs


def _recording(page, query=""):
    """Start/stop recording of thumbs_up that goes on."""
    page.goto(f"/record{query}")
    settled(page)
    page.get_by_text("Start / stop", exact=True).click()
    settled(page)
    start_camera(page)
    button_to_hold(page, "thumbs_up").click()
    keeps(page, "thumbs_up", 10)
    count = card(page, "thumbs_up").locator(".count")
    return int(re.search(r"(\d+) saved", count.inner_text())[1])


def test_a_killed_server_has_lost_a_second_at_most(look, films, tmp_path):
    with studio(tmp_path) as (address, process), look(films("thumbs_up"), address=address) as page:
        said = _recording(page)
        process.kill()
        process.wait()
    there = stored(tmp_path, "thumbs_up")
    assert there >= said - 10  # ten a second are looked at
    with studio(tmp_path) as (address, _), look(films("thumbs_up"), address=address) as page:
        page.goto("/")
        expect(card(page, "thumbs_up").locator(".count")).to_have_text(f"{there} samples")


def own_project(workspace):
    """The first visitor's project, made where it is missing."""
    store = Store(Paths.find(workspace).database)
    if "My gestures" not in [project.name for project in store.projects()]:
        store.create_project("My gestures")
    store.close()


def test_two_windows_record_into_one_project_and_nothing_is_lost(
    look, films, workspace, shared_data
):
    own_project(workspace)
    before = stored(workspace, "fist")
    folder = shared_data / "hand_images" / "emrecandir" / "fist"
    photos = sorted(folder.iterdir())[:6]
    with look(films("fist")) as page:
        other = page.context.new_page()
        other.set_default_timeout(WAIT_MS)
        for window in (page, other):
            window.goto("/record?project=My+gestures")
            settled(window)
            choose(window, "fist")
        other.get_by_role("tab", name=re.compile("Add pictures")).click()
        start_camera(page)
        begin_hold(page, "fist")
        other.locator("input[type=file]").first.set_input_files(photos)
        expect(other.get_by_role("button", name=re.compile("^Remove .*jpg")).first).to_be_visible()
        other.get_by_role("button", name=re.compile("Add as")).first.click()
        expect(other.get_by_text(re.compile("6 added")).first).to_be_visible()
        page.mouse.up()
        there = kept(page, "fist")
        assert there >= 3
        assert stored(workspace, "fist") - before == there + 6


def test_a_click_while_files_are_added_waits_until_they_are(look, film, workspace, shared_data):
    own_project(workspace)
    photos = sorted((shared_data / "hand_images" / "emrecandir" / "open_palm").iterdir())[:30]
    before = stored(workspace, "open_palm")
    with look(film) as page:
        page.goto("/record?project=My+gestures")
        settled(page)
        choose(page, "open_palm")
        page.get_by_role("tab", name=re.compile("Add pictures")).click()
        page.locator("input[type=file]").first.set_input_files(photos)
        expect(page.get_by_role("button", name=re.compile("^Remove .*jpg")).first).to_be_visible()
        page.get_by_role("button", name=re.compile("Add as")).first.click()
        # on a quick machine it stands there for less than `expect` looks away
        page.wait_for_function("document.body.innerText.includes('Looking for hands')")
        page.get_by_text("Start / stop", exact=True).click()
        said = page.get_by_text(re.compile(r"\d+ added, \d+ skipped")).first
        expect(said).to_be_visible()
        kept, refused = map(int, re.findall(r"\d+", said.inner_text()))
        assert kept + refused == 30
        assert stored(workspace, "open_palm") - before == kept
        pressed = page.get_by_role("radio", name="Start / stop")
        expect(pressed).to_have_attribute("aria-checked", "true")


@pytest.mark.slow  # test_hold has a tab that is killed
def test_a_tab_closed_while_recording_leaves_what_was_recorded(look, films, workspace):
    own_project(workspace)
    before = stored(workspace, "thumbs_up")
    with look(films("thumbs_up")) as page:
        said = _recording(page, "?project=My+gestures")
        page.close()
    time.sleep(2)
    after = stored(workspace, "thumbs_up")
    assert after - before >= said
    time.sleep(2)
    assert stored(workspace, "thumbs_up") == after  # and it has ended
