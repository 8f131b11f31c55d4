"""What a page made of a visitor's file and settings: kept while these stay the same, closed when
the visitor opens another page or the session ends."""

import weakref
from collections.abc import Callable, Collection, Hashable
from typing import Any, TypeVar

import streamlit as st

_KEPT = "kept"

Value = TypeVar("Value")


class _Kept:
    """A kept value.

    Attributes:
        key: what it was made from.
        close: closes the value, once; called at the latest when the session is forgotten.
    """

    def __init__(self, key: Hashable, value: Any, close: Callable[[Any], object]) -> None:
        self.key, self.value = key, value
        self.close = weakref.finalize(self, close, value)


def _do_nothing(value: object) -> None:
    pass


def keep(
    name: str,
    key: Hashable,
    make: Callable[[], Value],
    close: Callable[[Value], object] = _do_nothing,
) -> Value:
    """Make a value once for each key.

    Args:
        name: its place; a value of another key that is kept there is closed first.
        key: equal for files and settings that give the same value.
    """
    values = _kept()
    if name not in values or values[name].key != key:
        drop(name)
        values[name] = _Kept(key, make(), close)
    value: Value = values[name].value
    return value


def drop(name: str) -> None:
    """Close and forget a kept value, if there is one."""
    if kept := _kept().pop(name, None):
        kept.close()


def drop_others(group: str, names: Collection[str]) -> None:
    """Drop the values whose name begins with `group` and is not one of `names`."""
    for name in [*_kept()]:
        if name.startswith(group) and name not in names:
            drop(name)


def drop_all() -> None:
    """Drop every value: the visitor opens another page."""
    drop_others("", ())


def _kept() -> dict[str, _Kept]:
    """This visitor's values by name."""
    return st.session_state.setdefault(_KEPT, {})
