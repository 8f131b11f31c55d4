"""A visitor's visit: what is kept while a page is open, the chosen project, the last action."""

import time
import weakref
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.store.database.undo_log import HistoryEntry

_KEPT = "kept"

Value = TypeVar("Value")


class _CachedValue:
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


def get_or_make(
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
    values = _cached_values()
    if name not in values or values[name].key != key:
        drop_cached(name)
        values[name] = _CachedValue(key, make(), close)
    value: Value = values[name].value
    return value


def drop_cached(name: str) -> None:
    """Close and forget a kept value, if there is one."""
    if kept := _cached_values().pop(name, None):
        kept.close()


def drop_cached_except(group: str, names: Collection[str]) -> None:
    """Drop the values whose name begins with `group` and is not one of `names`."""
    for name in [*_cached_values()]:
        if name.startswith(group) and name not in names:
            drop_cached(name)


def drop_all_cached() -> None:
    """Drop every value: the visitor opens another page."""
    drop_cached_except("", ())


def _cached_values() -> dict[str, _CachedValue]:
    """This visitor's values by name."""
    return st.session_state.setdefault(_KEPT, {})


_ACTS = "acts"


def start_visit(page: str) -> None:
    """Count a visit whenever the page changes; `visit` in the session state is its number."""
    start_action_log()
    if st.session_state.get("page") != page:
        drop_all_cached()  # the file fields of the next page are empty
        st.session_state["page"] = page
        st.session_state["visit"] = st.session_state.get("visit", 0) + 1


@dataclass(frozen=True)
class Action:
    """An entry of a project's history, and which of this visitor's acts it is, from 1 on."""

    project_id: int
    entry: HistoryEntry
    number: int
    done_s: float


@dataclass
class _LastAction:
    latest: Action | None = None


def start_action_log() -> None:
    """From now on this visitor's acts are remembered."""
    if _ACTS not in st.session_state:
        st.session_state[_ACTS] = _LastAction()


def record_last_action(project_id: int, entry: HistoryEntry) -> None:
    """Told by the store in the thread that acted: a visitor's, or one that works by itself."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return
    # Streamlit may break the page off where it gives a value, here in the midst of the act; the
    # copy of all values it gives without that
    acts: _LastAction | None = context.session_state.filtered_state.get(_ACTS)
    if acts is not None:
        number = acts.latest.number + 1 if acts.latest else 1
        acts.latest = Action(project_id, entry, number, time.monotonic())


def last_action() -> Action | None:
    """The last one of this visitor."""
    acts: _LastAction | None = st.session_state.get(_ACTS)
    return acts.latest if acts else None


def select_project(project_id: int | None) -> None:
    """Choose a project from code; None: the first.

    The widgets get new keys: a message that the browser sent before it heard of the change still
    carries the old choice, and would bring it back. Open popovers close by that, too.
    """
    st.session_state["project_id"] = project_id
    st.session_state["project_turn"] = st.session_state.get("project_turn", 0) + 1
