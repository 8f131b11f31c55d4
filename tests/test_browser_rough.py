"""Rough use in a real browser: names that are markup, a killed server."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from core.studio.places import Places
from core.studio.store import NewSample, Store
from tests.benchmarks.camera_cycles import FLAGS, studio
from tests.test_browser import (  # noqa: F401 - fixtures among them
    WAIT_MS,
    films,
    look,
    pictures,
    server,
    settled,
    start_camera,
    stored,
    workspace,
)

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]

MARKUP = (
    "<img src=//evil.test/a onerror=alert(1)>",
    "![a](https://evil.test/b.png)",
    "<script>alert(1)</script>",
    "[a](javascript:alert(1)) **b** :red[c]",
    "$\\href{//evil.test}{x}$ `d` <b>e</b>",
)


def _stored_markup(workspace):  # noqa: F811
    """A project, gestures, persons and files that are all called so."""
    import numpy as np

    store = Store(Places.find(workspace).database)
    project = store.create_project(MARKUP[0])
    for name in MARKUP:
        gesture = store.add_gesture(project.id, name, "✋")
        person = store.ensure_person(project.id, name)
        session = store.start_session(project.id, person.id, name)
        burst = store.start_burst(session, gesture.id)
        points = np.random.default_rng(0).uniform(10, 90, (21, 2)).astype(np.float32)
        scores = np.ones(21, np.float32)
        store.add_samples(burst, [NewSample(points, scores, name, False, "mediapipe-hands")])
    store.close()


def test_names_that_are_markup_are_shown_as_they_are_written(
    look, films, workspace, server, pictures  # noqa: F811
):  # fmt: skip
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


def _recording(page, address):
    """Start/stop recording of thumbs_up that goes on."""
    page.goto(f"{address}/record")
    settled(page)
    page.get_by_text("Start / stop", exact=True).click()
    settled(page)
    start_camera(page)
    button = page.get_by_role("button", name=re.compile("Record .*thumbs_up"))
    expect(button).to_be_enabled()
    button.click()
    count = page.locator(".st-key-count")
    expect(count).to_have_text(re.compile(r"kept (1\d|[2-9]\d)"))
    return int(re.search(r"kept (\d+)", count.inner_text())[1])


def test_a_killed_server_has_lost_a_second_at_most(chromium, films, tmp_path):  # noqa: F811
    with studio(tmp_path) as (address, process), sync_playwright() as playwright:
        camera = f"--use-file-for-fake-video-capture={films('thumbs_up')}"
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, camera])
        page = browser.new_context(permissions=["camera"]).new_page()
        page.set_default_timeout(WAIT_MS)
        kept = _recording(page, address)
        process.kill()
        process.wait()
        browser.close()
    there = stored(tmp_path, "thumbs_up")
    assert there >= kept - 10  # ten a second are looked at
    with studio(tmp_path) as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS])
        page = browser.new_page()
        page.goto(address)
        expect(page.get_by_text(f"{there} samples of 1 gestures")).to_be_visible(timeout=WAIT_MS)
        browser.close()
