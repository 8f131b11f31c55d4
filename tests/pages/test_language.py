"""The pages' languages: which one is chosen, what is looked up, and that no text is missing."""

from string import Formatter

import pytest

from core.words import count_words, mark, translate_all, words
from pages import locale
from pages.components import join_modules
from pages.locale import ENGLISH, LANGUAGES, match_language, read_messages, translate
from tests.support.catalogues import list_missing, read_code

OTHERS = [language for language in LANGUAGES if language != ENGLISH]


@pytest.fixture
def catalogue(tmp_path, monkeypatch):
    """Write a German catalogue; the pages' own are not read."""

    def write(text):
        (tmp_path / "de.po").write_text(text, encoding="utf-8")
        monkeypatch.setattr(locale, "__file__", str(tmp_path / "__init__.py"))
        for cached in (locale.read_messages, locale._read_catalogue):
            cached.cache_clear()

    yield write
    monkeypatch.undo()
    for cached in (locale.read_messages, locale._read_catalogue):
        cached.cache_clear()


@pytest.mark.parametrize(
    ("browser", "language"),
    [
        ("ja-JP", "ja"),
        ("en-GB", "en"),
        ("ja", "ja"),
        ("pt-BR", "en"),
        ("", "en"),
    ],
)
def test_the_browsers_language_decides(browser, language):
    assert match_language(browser) == language


def test_a_text_is_found_filled_and_its_numbers_written_as_in_the_language(catalogue):
    catalogue(
        'msgid "{n:,} samples of {who}"\nmsgstr "von {who}: {n:,} Beispiele"\n\n'
        'msgid "the left hand"\nmsgstr "der linken Hand"\n'
    )
    text = words("{n:,} samples of {who}", n=12345, who=words("the left hand"))
    assert text == "12,345 samples of the left hand"
    assert translate(text, "de") == "von der linken Hand: 12.345 Beispiele"
    assert translate(text, ENGLISH) == text
    assert translate("not in it", "de") == "not in it"
    assert translate("", "de") == ""


def test_a_plural_form_is_chosen_by_the_language(catalogue):
    catalogue(
        'msgid "{n} hand"\nmsgid_plural "{n} hands"\nmsgstr[0] "{n} Hand"\nmsgstr[1] "{n} Hände"\n'
    )
    shown = [translate(count_words(n, "{n} hand", "{n} hands"), "de") for n in (0, 1, 2)]
    assert shown == ["0 Hände", "1 Hand", "2 Hände"]
    assert count_words(1, "{n} hand", "{n} hands") == "1 hand"


def test_a_users_braces_are_no_fields(catalogue):
    catalogue('msgid "{name} is empty"\nmsgstr "{name} ist leer"\n')
    assert (
        translate(words("{name} is empty", name="{0.__class__}"), "de") == "{0.__class__} ist leer"
    )


def test_every_text_of_a_state_is_translated_and_nothing_else(catalogue):
    catalogue('msgid "empty"\nmsgstr "leer"\n')
    state = {"a": [words("empty"), "empty", 3, None], "b": {"c": words("empty")}}
    found = translate_all(state, lambda text: translate(text, "de"))
    assert found == {"a": ["leer", "empty", 3, None], "b": {"c": "leer"}}


def test_a_marked_text_stays_as_it_is():
    assert mark("Hello {name}") == "Hello {name}"


@pytest.mark.parametrize("language", OTHERS)
def test_no_language_lacks_a_text_of_the_code_or_has_one_that_is_gone(language):
    code, known = read_code(), read_messages(language)
    ids = {message.id for message in code if message.id}
    assert [text for text in ids if text not in known] == []
    assert list_missing(known) == []
    assert [message.id for message in known if message.id and message.id not in ids] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_fields_of_the_english_text(language):
    def fields(text):
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    wrong = []
    for message in read_messages(language):
        forms = message.string if message.pluralizable else (message.string,)
        english = message.id if message.pluralizable else (message.id,)
        allowed = set().union(*map(fields, english))
        for form in forms if message.id else ():
            # a plural form may leave the number out: "one hand"
            if fields(form) - allowed or allowed - fields(form) - {"n"}:
                wrong.append((message.id, form))
    assert wrong == []


def test_a_component_carries_the_translations_of_its_own_texts_alone():
    stage = join_modules("stage/stage.js")
    japanese = read_messages("ja").get("Mudra has closed this page’s connection. Reload the page.")
    assert japanese.string in stage
    assert "const CATALOGUES = {}" not in stage
    assert read_messages("ja").get("Frames per second").string not in stage
