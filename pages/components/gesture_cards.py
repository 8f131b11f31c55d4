"""All gestures of a project as cards, each with a button to hold while it records."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.components import read_asset

_component = st.components.v2.component(
    "gesture_cards",
    css=read_asset("gesture_cards.css"),
    js=read_asset("loop.js") + read_asset("metronome.js") + read_asset("gesture_cards.js"),
)


@dataclass
class Inbox:
    """What the browser says, each message once and in order.

    Attributes:
        page: the browser's mount that spoke last; another one numbers its messages anew.
        heard: the highest number that came from it.
        missing: ids of samples whose pictures it lacks.
    """

    page: str = ""
    heard: int = 0
    missing: list[int] = field(default_factory=list)

    def take(self, said: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """The messages that are new in what the browser says, which repeats all that it has no
        answer to."""
        if not said:
            return []
        if said["page"] != self.page:
            self.page, self.heard = said["page"], 0
        new = [one for one in said["messages"] if one["n"] > self.heard]
        if said["n"] > self.heard:
            self.heard, self.missing = (
                said["n"],
                [int(i) for i in said["missing"]],
            )
        return new


def draw_cards(key: str, data: Mapping[str, Any], on_said: Callable[[], None]) -> None:
    """The cards.

    Args:
        data: `page` and `heard` of the inbox; `refused`, the number of the message that could not
            be obeyed; `mode`, "hold" or "press"; `off`, why nothing can be recorded now, or "";
            `alert`, why a recording ended early, or ""; `note`, the counts of the last recording;
            `watch`, whether something may change without a word from here; `due`, whether to say
            so when nobody records for a moment; `chosen`, a gesture's id; `recording`, None or
            its `gesture`, with a `short` and a `long` text of how it stands, and the seconds
            `since` its countdown ended, None before the first frame; `clicks`, when a gesture that
            moves is counted in, in such seconds, and at what Hz; `cards`, each with
            `id`, `name`, `emoji`, `moves`, `samples`, `how` to perform it, or "", and `crops`, ids
            of samples, newest first; `pictures`, their addresses by id; `signs`, the emoji to
            choose from.
        on_said: called when `said(key)` is new, before the page is drawn.
    """
    _component(key=key, data=dict(data), on_said_change=on_said)


def cards_message(key: str) -> Mapping[str, Any] | None:
    """What the browser said last: {page, n, messages, missing}; a message has its number `n` and
    its `kind`:

    "begin" (gesture), "beat" and "end" of a hold, each with the milliseconds `held`; "start"
    (gesture) and "stop" by a press; "choose" (gesture), "delete" (sample), "rename" (gesture,
    name, emoji), "add" (name, emoji), "remove" (gesture); "calm".
    """
    state = st.session_state.get(key)
    return None if state is None else state.get("said")
