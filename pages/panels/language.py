"""The visitor's language: the browser's, or the one chosen in the settings."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from core.words import count_words, words
from pages.locale import ENGLISH, LANGUAGES, match_language, translate

_COOKIE = "mudra_language"  # words.js writes it
_KEY = "language"


def t(text: str, **values: Any) -> str:
    """Return a text in the visitor's language, with values for its fields.

    Args:
        text: English: a literal, or a text of core.
    """
    return translate(words(text, **values) if values else text, current_language())


def tn(n: float, one: str, many: str, **values: Any) -> str:
    """Return a text about a number n in the visitor's language.

    Args:
        one: the English text for 1, a literal.
        many: the English text for other numbers, a literal.
    """
    return translate(count_words(n, one, many, **values), current_language())


def current_language() -> str:
    """Return the code of the visitor's language."""
    chosen = st.context.cookies.get(_COOKIE, "")
    return chosen if chosen in LANGUAGES else match_language(st.context.locale or "")


def visitor_translator() -> Callable[[str], str]:
    """Return `translate` into the visitor's language, for threads that know no visitor."""
    return partial(translate, language=current_language())


def pick_language() -> None:
    """Draw a selector for the language."""
    current = current_language()
    st.selectbox(
        # in English, too, for those who can't read the rest
        "Language" if current == ENGLISH else f"{t('Language')} / Language",
        list(LANGUAGES),
        index=list(LANGUAGES).index(current),
        format_func=LANGUAGES.__getitem__,
        key=_KEY,
    )


def chosen_language() -> str:
    """Return the code of the language chosen in the settings; the page loads anew in it."""
    return st.session_state.get(_KEY) or current_language()
