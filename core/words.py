"""Sentences for users that the pages can show in another language.

core writes them in English; one that is made from a template and values keeps both, so that the
pages find the template in a catalogue and fill in the same values.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any


class Words(str):
    """An English sentence that keeps its template.

    Attributes:
        forms: the template, with fields as in `str.format`: "{name} is empty"; of a sentence about
            a number n the templates for 1 and for other numbers.
        values: by field; one that is a `Words` is translated, too.
    """

    forms: tuple[str, ...]
    values: Mapping[str, Any]

    def __new__(cls, forms: tuple[str, ...], values: Mapping[str, Any]) -> "Words":
        """Fill the values into the English form."""
        is_one = len(forms) == 1 or values["n"] == 1
        made = super().__new__(cls, forms[0 if is_one else 1].format(**values))
        made.forms, made.values = forms, values
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how a copy is made, for `pickle`: errors come from other processes, too."""
        return Words, (self.forms, dict(self.values))


def words(template: str, **values: Any) -> Words:
    """Return a sentence. The template must be a literal: the catalogues are made from the code."""
    return Words((template,), values)


def count_words(n: float, one: str, many: str, **values: Any) -> Words:
    """Return a sentence about a number, which its templates for 1 and for others call `n`."""
    return Words((one, many), {"n": n, **values})


def mark(text: str) -> str:
    """Return a literal unchanged: the catalogues contain it, and it is translated where it is
    shown."""
    return text


_LIST = mark("{first}, {rest}")


def join_words(parts: Iterable[str], template: str = _LIST) -> str:
    """Return a list as one sentence that keeps its parts; "" of none. The template must be a marked
    literal with the fields `first` and `rest`."""
    found = list(parts)
    if not found:
        return ""
    return reduce(lambda first, rest: words(template, first=first, rest=rest), found)


def translate_all(state: Any, translate: Callable[[str], str]) -> Any:
    """Return JSON values with each `Words` among them translated."""
    if isinstance(state, Words):
        return translate(state)
    if isinstance(state, dict):
        return {key: translate_all(value, translate) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return [translate_all(value, translate) for value in state]
    return state
