"""No page shows a text of ours in English to somebody who reads another language, and none is cut
off in any of them.

Japanese and Chinese are looked at for English: a Latin word there is a name, or was forgotten.
Names are what the translations themselves leave in Latin letters, and the values in THEIRS;
STREAMLITS are Streamlit's own texts, which it does not translate.
"""

import re
import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from pages.locale import ENGLISH, LANGUAGES, read_messages, translate
from tests.browser.conftest import faults_after_layout
from tests.support import page_load
from tests.support.studio import flags

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.usefixtures("weights_folder")]

WORD = re.compile(r"[A-Za-z][A-Za-z'’]{2,}")
THEIRS = {"People"}
STREAMLITS: set[str] = set()
SHOWN = """() => {
  const found = new Set()
  const look = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) look(element.shadowRoot)
      if (element.closest("style, script, code, pre") || !element.checkVisibility()) continue
      for (const name of ["aria-label", "title", "placeholder"])
        if (element.getAttribute(name)) found.add(element.getAttribute(name))
      const text = [...element.childNodes].filter((one) => one.nodeType === 3)
        .map((one) => one.textContent).join(" ").trim()
      if (text && !/stIconMaterial/.test(element.dataset.testid)) found.add(text)
    }
  }
  look(document.body)
  return [...found]
}"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, trained_people):
    folder = tmp_path_factory.mktemp("translated") / "workspace"
    shutil.copytree(trained_people, folder)
    return folder


@pytest.fixture
def walk(open_browser, server, film):
    """walk(language): the pages of the menu, one after the other, for somebody who reads it and
    whose camera runs."""

    @contextmanager
    def opened(language):
        context = open_browser(*flags(film)).new_context(
            locale=language, viewport=page_load.WINDOW, permissions=["camera"]
        )
        context.add_init_script(path=page_load.WATCH)
        page = context.new_page()
        page.goto(f"{server}/?project=People")
        page_load.standing_ms(page)
        page.get_by_role("button", name=translate("START", language), exact=True).click()
        expect(page.locator(".st-key-camera[data-camera=playing]")).to_have_count(1)
        yield page
        context.close()

    def pages_of(language):
        with opened(language) as page:
            links = page.get_by_test_id("stSidebarNavLink")
            expect(links.first).to_be_visible()
            for n in range(links.count()):
                links.nth(n).click()
                page_load.standing_ms(page)
                yield links.nth(n).get_attribute("href").rpartition("/")[2], page

    return pages_of


def latin_names(language):
    """The words that the language's own texts leave in Latin letters."""
    texts = [str(message.string) for message in read_messages(language)]
    return {word for text in texts for word in WORD.findall(text)}


def english_texts(page, names):
    """The texts on the page with a Latin word that is no name."""
    return sorted(
        text
        for text in page.evaluate(SHOWN)
        if text not in STREAMLITS and {*WORD.findall(text)} - names
    )


@pytest.mark.parametrize("language", ["ja", "zh"])
def test_a_page_shows_no_text_of_ours_in_english(walk, language):
    names = latin_names(language) | THEIRS
    found = {name: english_texts(page, names) for name, page in walk(language)}
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != ENGLISH])
def test_no_text_is_cut_off_in_any_language(walk, language):
    found = {name: faults_after_layout(page) for name, page in walk(language)}
    assert {name: faults for name, faults in found.items() if faults} == {}
