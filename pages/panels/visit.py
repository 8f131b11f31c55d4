"""A visitor's visit: values cached for the open page, the selected project, the last action."""

import time
import weakref
from collections.abc import Callable, Collection, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from core.store.database.undo_log import HistoryEntry

_CACHED, _LAST_ACTION, _DRAWN = "cached_values", "last_action", "drawn_values"

Value = TypeVar("Value")


class _CachedValue:
    """A value with the key it was made from; closed at the latest when the session ends."""

    def __init__(self, key: Hashable, value: Any, close: Callable[[Any], object]) -> None:
        self.key, self.value = key, value
        self.close = weakref.finalize(self, close, value)


def get_or_make(
    name: str,
    key: Hashable,
    make: Callable[[], Value],
    close: Callable[[Value], object] = lambda value: None,
) -> Value:
    """Return the value cached under a name; if its key changed or another page opened, close the
    old value and call `make`.

    Args:
        name: the cache entry; a value with another key is closed first.
        key: the files and settings that determine the value.
    """
    values = _cached_values()
    if name not in values or values[name].key != key:
        drop_cached(name)
        values[name] = _CachedValue(key, make(), close)
    value: Value = values[name].value
    return value


def drop_cached(name: str) -> None:
    """Close and drop the cached value of a name, if there is one."""
    if cached := _cached_values().pop(name, None):
        cached.close()


def drop_cached_except(prefix: str, names: Collection[str]) -> None:
    """Close and drop cached values by name prefix, except the given names."""
    for name in [*_cached_values()]:
        if name.startswith(prefix) and name not in names:
            drop_cached(name)


def _cached_values() -> dict[str, _CachedValue]:
    """Return this visitor's cached values by name."""
    return st.session_state.setdefault(_CACHED, {})


def start_visit(page: str) -> None:
    """Remember this visitor's changes from now on; when the page changes, increment `visit` in the
    session state and close all cached values."""
    st.session_state.setdefault(_LAST_ACTION, _LastAction())
    if st.session_state.get("page") != page:
        drop_cached_except("", ())  # the upload fields of the next page are empty
        st.session_state["page"] = page
        st.session_state["visit"] = st.session_state.get("visit", 0) + 1


@dataclass(frozen=True)
class Action:
    """A change that this visitor made to a project, the `number`-th from 1."""

    project_id: int
    entry: HistoryEntry
    number: int
    done_s: float


@dataclass
class _LastAction:
    action: Action | None = None


_acting: ContextVar[_LastAction | None] = ContextVar("acting", default=None)


@contextmanager
def acting_as_visitor(last: _LastAction) -> Iterator[None]:
    """In the block, changes of the store are a visitor's, though no page of theirs runs."""
    before = _acting.set(last)
    try:
        yield
    finally:
        _acting.reset(before)


def visitor_actions() -> _LastAction:
    """Return this visitor's actions, for `acting_as_visitor`."""
    return st.session_state[_LAST_ACTION]


def record_last_action(project_id: int, entry: HistoryEntry) -> None:
    """Remember a change for this visitor's Undo; the store calls it in the thread that made the
    change. Ignored outside a session."""
    # reading a single value could interrupt the script in the midst of the change
    last = _acting.get() or st.session_state.to_dict().get(_LAST_ACTION)
    if last is not None:
        number = last.action.number + 1 if last.action else 1
        last.action = Action(project_id, entry, number, time.monotonic())


def last_action() -> Action | None:
    """Return the last change that this visitor made."""
    last: _LastAction | None = st.session_state.get(_LAST_ACTION)
    return last.action if last else None


def note_drawn_values() -> None:
    """Remember the values of the session state with which the page was drawn."""
    st.session_state[_DRAWN] = {k: v for k, v in st.session_state.items() if k != _DRAWN}


def is_page_outdated(except_prefix: str) -> bool:
    """Return whether a value has changed since the page was drawn: the browser sends what several
    widgets say in one moment as one message, and if one of them is a fragment's, only that runs.

    Args:
        except_prefix: of the names of the fragment's own values.
    """
    drawn, now = st.session_state.get(_DRAWN, {}), dict(st.session_state.items())
    return any(
        not str(name).startswith(except_prefix) and _differ(value, now.get(name))
        for name, value in drawn.items()
    )


def _differ(one: Any, other: Any) -> bool:
    """Return whether two values differ; those that can't be compared count as equal."""
    try:
        return one is not other and bool(one != other)
    except (TypeError, ValueError):
        return False


def select_project(project_id: int | None) -> None:
    """Select a project from code; None selects the first.

    The sidebar's widgets get new keys, because a message that the browser sent before it knew of
    the change would select the old project again. Open popovers close by that, too.
    """
    st.session_state["project_id"] = project_id
    st.session_state["project_turn"] = st.session_state.get("project_turn", 0) + 1
