"""What a visitor looks at on Depth: one recording or camera at a time, closed with the visit."""

import weakref
from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

import streamlit as st

_KEPT = "depth_kept"

Thing = TypeVar("Thing")


class _Kept:
    """Something that is open.

    Attributes:
        key: what it is.
        close: let go of it, once.
    """

    def __init__(self, key: tuple[str, ...], thing: object, files: ExitStack) -> None:
        self.key, self.thing = key, thing
        self.close = weakref.finalize(self, files.close)


def keep_open(key: tuple[str, ...], make: Callable[[ExitStack], Thing]) -> Thing:
    """What is of that key: made once; what was open before is closed first.

    Args:
        make: enters what is to be closed with it.
    """
    kept: _Kept | None = st.session_state.get(_KEPT)
    if kept is None or kept.key != key:
        let_go()
        with ExitStack() as stack:
            thing = make(stack)
            kept = _Kept(key, thing, stack.pop_all())
        st.session_state[_KEPT] = kept
    return kept.thing  # type: ignore[return-value]  # made by the same function


def let_go() -> None:
    """Close whatever is open."""
    kept: _Kept | None = st.session_state.pop(_KEPT, None)
    if kept is not None:
        kept.close()
