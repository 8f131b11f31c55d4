"""“When … then …” in a real browser: a gesture before the fake camera shows a picture and sends a
real packet; Escape stops it all."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import expect
from pythonosc.osc_message import OscMessage

from core.store.rules import NewRule, add_rules, delete_rule, list_rules
from tests.browser.conftest import start_in_browser, undo_here
from tests.support.studio import settled, start_camera

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("weights_folder"),
]


@pytest.fixture
def project(store):
    """The first project, without rules."""
    if not store.projects():
        store.create_project("My gestures")
    for rule in list_rules(store, store.projects()[0].id):
        delete_rule(store, rule)
    return store.projects()[0]


def seen(page):
    """Note every effect that is shown, from now on."""
    page.evaluate(
        """() => {
          window.seenEffects = []
          new MutationObserver(changes => changes.forEach(({ addedNodes }) =>
            addedNodes.forEach(one => one.dataset?.effect
              && window.seenEffects.push(one.dataset.effect + " " + one.innerText))))
            .observe(document.body, { childList: true })
        }"""
    )


def test_a_gesture_shows_a_picture_and_sends_osc_until_escape_is_pressed(
    look, films, receiver, store, project
):
    port = receiver.getsockname()[1]
    osc = NewRule("thumbs_up", "osc", f"127.0.0.1:{port} /light 1 on", cooldown_s=0)
    with look(films("thumbs_up")) as page:
        page.goto("/")
        settled(page)
        page.get_by_text("When … then …").click()
        page.get_by_role("button", name="Add an action").click()
        box, wanted = (page.get_by_role("combobox", name="Then"), "Show a big picture")
        expect(box).to_be_visible()
        for _ in range(10):  # what opens draws the page anew, which may close the list again
            settled(page)
            box.press("ArrowDown")
            with suppress(AssertionError):
                expect(page.get_by_role("option", name=wanted)).to_be_visible(timeout=2000)
                break
        page.get_by_role("option", name=wanted).click()
        settled(page)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_text("it shows 🎉 on the whole screen")).to_be_visible()
        add_rules(store, project.id, [osc])
        page.get_by_role("button", name="Settings").click()
        page.get_by_text("Actions on this machine", exact=True).click()
        settled(page)
        page.keyboard.press("Escape")
        settled(page)
        page.get_by_role("button", name="Let actions go on").click()
        expect(page.get_by_role("button", name="Stop all actions")).to_be_visible()
        seen(page)
        start_camera(page)
        message = OscMessage(receiver.recv(2000))
        assert (message.address, message.params) == ("/light", [1, "on"])
        page.wait_for_function("window.seenEffects.includes('picture 🎉')")
        page.keyboard.press("Escape")
        expect(page.get_by_text("All actions are stopped.")).to_be_visible()
        expect(page.locator("[data-effect]")).to_have_count(0)
        expect(page.get_by_role("button", name="Let actions go on")).to_be_visible()


@pytest.mark.usefixtures("project", "browser_files")
def test_the_music_template_plays_a_note_with_the_starter_model(look, films):
    with look(films("open_palm")) as page:
        page.goto("/live?keypoints_found=this+device")
        settled(page)
        page.get_by_text("When … then …").click()
        page.get_by_role("button", name=re.compile("Music")).click()
        expect(page.get_by_text("open_palm begins, it plays the note")).to_be_visible()
        start_in_browser(page)
        page.wait_for_function("window.mudraTones > 0")
        first = page.get_by_text("thumbs_up begins")
        page.get_by_role("button", name="Delete", exact=True).first.click()
        expect(first).to_have_count(0)
        undo_here(page)
        expect(first).to_be_visible()
