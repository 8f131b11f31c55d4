"""No page shows a text of ours in English to somebody who reads another language, and no text is
cut off in any of them.

Japanese is looked at: there a Latin word that is no name catches the eye. NAMES are terms and names
that stay as they are in every language, STREAMLITS are Streamlit's own texts, which it does not
translate.
"""

import re
import shutil

import pytest

from pages.locale import ENGLISH, LANGUAGES
from pages.panels.navigation import SECTIONS
from tests.browser.conftest import faults_after_layout, flags
from tests.support import page_load

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]

MENU = [name for names in SECTIONS.values() for name in names]
WORD = re.compile(r"[A-Za-z][A-Za-z'’]{2,}")
NAMES: set[str] = set()
STREAMLITS: set[str] = set()
SHOWN = """() => {
  const found = new Set()
  const look = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) look(element.shadowRoot)
      if (element.closest("style, script, code, pre, svg")) continue
      if (!element.checkVisibility()) continue
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


@pytest.fixture(scope="module")
def speaking(open_browser, server, film):
    """speaking(language): a window of somebody who reads it, whose camera runs."""
    opened = {}

    def open_in(language):
        if language not in opened:
            context = open_browser(*flags(film)).new_context(
                locale=language, viewport=page_load.WINDOW, permissions=["camera"]
            )
            context.add_init_script(path=page_load.WATCH)
            page = context.new_page()
            page.goto(f"{server}/?project=People")
            page_load.standing_ms(page)
            opened[language] = page
        return opened[language]

    yield open_in
    for page in opened.values():
        page.context.close()


def english_words(texts):
    """The texts with a Latin word that is no name."""
    return sorted(
        text for text in texts if text not in STREAMLITS and {*WORD.findall(text)} - NAMES
    )


@pytest.mark.parametrize("name", MENU)
def test_a_page_shows_no_text_of_ours_in_english(speaking, server, name):
    page = speaking("ja")
    page.goto(f"{server}/{'' if name == MENU[0] else name.lower()}?project=People")
    page_load.standing_ms(page)
    assert english_words(page.evaluate(SHOWN)) == []


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != ENGLISH])
def test_no_text_is_cut_off_in_any_language(speaking, server, language):
    page, faults = speaking(language), {}
    for name in MENU:
        page.goto(f"{server}/{'' if name == MENU[0] else name.lower()}?project=People")
        page_load.standing_ms(page)
        faults[name] = faults_after_layout(page)
    assert {name: found for name, found in faults.items() if found} == {}
