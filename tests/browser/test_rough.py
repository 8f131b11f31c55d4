"""Rough use in a real browser: markup as names, two windows, closed tabs, a killed server."""

import re
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect

from core.store import NewSample
from tests.browser.conftest import (
    button_to_hold,
    card,
    choose,
    keeps,
    press_text,
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


def _store_markup(store):
    """A project, gestures, persons and files that are all called so."""
    project = store.create_project(MARKUP[0])
    for name in MARKUP:
        gesture = store.add_gesture(project.id, name, "✋")
        person = store.ensure_person(project.id, name)
        session = store.start_session(project.id, person.id, name)
        burst = store.start_recording(session, gesture.id)
        points = np.random.default_rng(0).uniform(10, 90, (21, 2)).astype(np.float32)
        scores = np.ones(21, np.float32)
        store.add_samples(burst, [NewSample(points, scores, name, False, "mediapipe-hands")])


def test_names_that_are_markup_are_shown_as_they_are_written(look, films, server, store):
    with look(films("thumbs_up")) as page:
        page.goto("/")
        settled(page)
        _store_markup(store)
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
        hosts = {urlsplit(url).netloc for url in asked if url.startswith(("http", "ws"))}
        assert hosts <= {urlsplit(server).netloc} and not dialogs


def test_a_killed_server_has_lost_a_second_at_most(look, films, tmp_path):
    with studio(tmp_path) as (address, process), look(films("thumbs_up"), address=address) as page:
        page.goto("/record")
        settled(page)
        press_text(page, "Start / stop")
        start_camera(page)
        button_to_hold(page, "thumbs_up").click()
        keeps(page, "thumbs_up", 10)
        count = card(page, "thumbs_up").locator(".count").inner_text()
        said = int(re.search(r"(\d+) saved", count)[1])
        process.kill()
        process.wait()
    there = stored(tmp_path, "thumbs_up")
    assert there >= said - 10  # ten a second are looked at
    with studio(tmp_path) as (address, _), look(films("thumbs_up"), address=address) as page:
        page.goto("/")
        expect(card(page, "thumbs_up").locator(".count")).to_have_text(f"{there} samples")


def test_a_click_while_files_are_added_waits_until_they_are(look, film, workspace, hand_photos):
    before = stored(workspace, "open_palm")
    with look(film) as page:
        page.goto("/record?project=My+gestures")
        settled(page)
        choose(page, "open_palm")
        page.get_by_role("tab", name=re.compile("Add pictures")).click()
        page.locator("input[type=file]").first.set_input_files(hand_photos("open_palm")[:30])
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
