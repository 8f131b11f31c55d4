"""The pages' texts in other languages: a gettext catalogue for each, which `make words` brings up
to date with the literals of the code.
"""

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any

from babel.core import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol

from core.words import Words

ENGLISH = "en"
LANGUAGES = {
    ENGLISH: "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "ja": "日本語",
    "zh": "简体中文",
}
_TRADITIONAL = {"hant", "tw", "hk", "mo"}  # parts of a Chinese locale


def match_language(locale: str) -> str:
    """Return the code of the language for a browser's locale, e.g. "de-AT"; English if there is
    none. Traditional Chinese isn't simplified Chinese."""
    code, *parts = locale.replace("_", "-").lower().split("-")
    is_other = code not in LANGUAGES or (code == "zh" and not _TRADITIONAL.isdisjoint(parts))
    return ENGLISH if is_other else code


def translate(text: str, language: str) -> str:
    """Return an English text in a language; what its catalogue lacks stays English."""
    if language == ENGLISH or not text:
        return str(text)
    catalogue = _read_catalogue(language)
    if not isinstance(text, Words):
        return catalogue.gettext(text)
    if len(text.forms) == 1:
        template = catalogue.gettext(text.forms[0])
    else:
        template = catalogue.ngettext(text.forms[0], text.forms[1], text.values["n"])
    return _Filler(language).vformat(template, (), text.values)


class _Filler(Formatter):
    """Fills values into a template: texts translated, numbers with the language's symbols."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format one value."""
        if isinstance(value, Words):
            value = translate(value, self._language)
        made = str(super().format_field(value, format_spec))
        is_number = isinstance(value, int | float) and format_spec
        return made.translate(_number_symbols(self._language)) if is_number else made


@cache
def _number_symbols(language: str) -> Mapping[int, str]:
    """Return the language's symbols for the English "," and "." of numbers."""
    return str.maketrans({",": get_group_symbol(language), ".": get_decimal_symbol(language)})


@cache
def read_messages(language: str) -> Catalog:
    """Read a language's catalogue, with the places of its texts."""
    with (Path(__file__).parent / f"{language}.po").open("rb") as file:
        return read_po(file, Locale.parse(language))


@cache
def _read_catalogue(language: str) -> NullTranslations:
    """Read a language's catalogue to look texts up in."""
    compiled = BytesIO()
    write_mo(compiled, read_messages(language))
    compiled.seek(0)
    return GNUTranslations(compiled)
