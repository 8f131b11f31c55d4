"""Every page for people who see little, have it read aloud or use no mouse: axe-core's rules for
WCAG 2.2 AA in both themes, and the first minute by keyboard alone."""

import re
import shutil
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import expect

from pages.panels.navigation import SECTIONS
from tests.browser.conftest import card, go, keeps, kept, reads
from tests.support.page_load import standing_ms, watched
from tests.support.studio import camera_button, flags, settled, studio

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]

MENU = [name for names in SECTIONS.values() for name in names]
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# each fault as its rule, the part of Streamlit's page in which it is ("" in a component), and words
RUN = """async (tags) => {
  const found = await axe.run({ runOnly: tags, resultTypes: ["violations"], elementRef: true })
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => [
    id,
    node.element?.closest("[data-testid]")?.dataset.testid ?? "",
    `${id}: ${node.html.slice(0, 200)} ` +
      [...node.any, ...node.all, ...node.none].map((one) => one.message),
  ]))
}"""
# what fades in or out is no longer or not yet to be read
IS_STILL = """() => document.getAnimations().every(({ playState, effect }) =>
  playState !== "running" || effect.getTiming().iterations === Infinity)"""
EMPTY = """import streamlit as st

def empty():
    st.title("Empty")

pages = {"": [st.Page(empty, title="One", default=True)],
         "Section": [st.Page(lambda: None, title="Two", url_path="two")]}
st.navigation(pages, expanded=True).run()
"""
SERVE = """import sys
from pathlib import Path
from streamlit.web.cli import main

page = str(Path(__file__).with_name("empty.py"))
sys.argv = ["streamlit", "run", page, "--server.port", sys.argv[-1]]
main()
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, trained_people):
    folder = tmp_path_factory.mktemp("accessibility") / "workspace"
    shutil.copytree(trained_people, folder)
    return folder


def faults(page):
    """What breaks axe-core's rules, as [rule, part of Streamlit's page, words]."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    page.wait_for_function(IS_STILL)
    return page.evaluate(RUN, TAGS)


@pytest.fixture(scope="module")
def streamlits_own(open_browser, film, tmp_path_factory):
    """(rule, part of the page) of what an empty page of Streamlit breaks, with our theme and a menu
    in sections."""
    folder = tmp_path_factory.mktemp("empty")
    (folder / "empty.py").write_text(EMPTY)
    (folder / "serve.py").write_text(SERVE)
    program = (str(folder / "serve.py"),)
    with (
        studio(folder, program=program) as (address, _),
        watched(open_browser(*flags(film))) as page,
    ):
        page.goto(address)
        expect(page.get_by_role("heading", name="Empty")).to_be_visible()
        settled(page)
        return {(rule, part) for rule, part, _ in faults(page)}


def ours(page, streamlits_own):
    """What is wrong in either theme and not on an empty page of Streamlit."""
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        ground = {"light": "rgb(252, 251, 248)", "dark": "rgb(20, 25, 27)"}[theme]
        expect(page.get_by_test_id("stApp")).to_have_css("background-color", ground)
        settled(page)
        found += [
            f"{theme} {words}" for *what, words in faults(page) if tuple(what) not in streamlits_own
        ]
    return found


def test_an_empty_page_of_streamlit_breaks_rules_of_its_menu_alone(streamlits_own):
    assert {rule for rule, _ in streamlits_own} <= {"list", "listitem"}


def test_what_breaks_a_rule_is_found_in_a_component_too(open_browser, film):
    with watched(open_browser(*flags(film))) as page:
        page.set_content(
            """<html lang="en"><title>A page</title><main><h1>A page</h1>
            <p style="color:#999;background:#fff">grey</p><div id="component"></div></main>"""
        )
        page.evaluate(
            """() => component.attachShadow({ mode: "open" }).innerHTML = "<button></button>" """
        )
        assert {rule for rule, *_ in faults(page)} == {"color-contrast", "button-name"}


@pytest.mark.parametrize("name", MENU)
def test_a_page_breaks_no_rule_of_wcag_in_either_theme(window, streamlits_own, name):
    if name != MENU[0]:
        go(window, name)
    standing_ms(window)
    assert ours(window, streamlits_own) == []


def test_what_is_opened_on_a_page_breaks_no_rule_either(window, streamlits_own):
    go(window, "Record")
    standing_ms(window)
    window.get_by_role("button", name="Change or remove fist").click()
    assert ours(window, streamlits_own) == []
    window.keyboard.press("Escape")
    card(window, "fist").locator(".tile").first.click()
    expect(window.get_by_role("dialog")).to_be_visible()
    assert ours(window, streamlits_own) == []
    window.keyboard.press("Escape")
    window.get_by_role("button", name="Settings").click()
    expect(window.get_by_text("Floating camera on other pages")).to_be_visible()
    assert ours(window, streamlits_own) == []


# ---------------------------------------------------------------------------- by keyboard alone


def tab_to(page, target, key="Tab"):
    """Press Tab until the target has the focus, then Enter."""
    for _ in range(80):
        if target.evaluate("target => target.getRootNode().activeElement === target"):
            return page.keyboard.press("Enter")
        page.keyboard.press(key)
    raise AssertionError(f"the focus never came to {target}")


def test_the_first_minute_goes_by_keyboard_alone(look, two_signs):
    with look(two_signs) as page:
        page.goto("/?project=My+gestures")
        settled(page)
        tab_to(page, camera_button(page, "start"))
        expect(camera_button(page, "stop")).to_be_visible()
        expect(page.locator(".st-key-camera[data-camera=playing]")).to_have_count(1)
        settled(page)
        for gesture in ("thumbs_up", "open_palm"):
            digit = card(page, gesture).locator(".digit").inner_text()
            reads(page, gesture)
            page.keyboard.press(digit)
            page.keyboard.down("Space")
            keeps(page, gesture, 10)
            page.keyboard.up("Space")
            assert kept(page, gesture) >= 5
        tab_to(page, page.get_by_role("button", name="Train", exact=True))
        expect(page.get_by_text(re.compile(r"model trained at \d\d:\d\d", re.I))).to_be_visible()
        tab_to(page, page.get_by_role("link", name="Live"), "Shift+Tab")
        expect(page.get_by_role("heading", name="Live", level=1)).to_be_visible()
        expect(page.get_by_label("Model")).to_have_value(re.compile(r"^My model, today \d\d:\d\d"))
        for gesture in ("thumbs_up", "open_palm"):
            reads(page, gesture)
        held = page.locator(".held[role=status]")  # is read aloud
        expect(held).to_have_text(re.compile("^(thumbs_up|open_palm)$"))
