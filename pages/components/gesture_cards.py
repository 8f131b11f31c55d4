"""A project's gestures as cards, each with a button that records while it is held."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pages.components import component_state, register_component

_component = register_component(
    "gesture_cards", libraries=("elements.js", "loop.js", "metronome.js")
)


@dataclass
class Inbox:
    """The browser's messages, each handled once and in order.

    Attributes:
        page: id of the component mount that sent the last message; a new mount restarts numbering.
        heard: the highest message number received from this mount.
        missing: ids of samples whose pictures the browser lacks.
    """

    page: str = ""
    heard: int = 0
    missing: list[int] = field(default_factory=list)

    def take(self, state: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """Return the messages not taken before, since the browser repeats each until acknowledged.
        Also store the sample ids of pictures that the browser lacks."""
        if not state:
            return []
        if state["page"] != self.page:
            self.page, self.heard = state["page"], 0
        new = [one for one in state["messages"] if one["n"] > self.heard]
        if state["n"] > self.heard:
            self.heard, self.missing = state["n"], [int(i) for i in state["missing"]]
        return new


def draw_cards(key: str, data: Mapping[str, Any], on_message: Callable[[], None]) -> None:
    """Draw the gesture cards with their buttons; the browser's messages come back as
    `cards_message(key)`.

    Args:
        data: `page` and `heard` of the inbox; `refused`, the number of the message that failed;
            `mode`, "hold" or "press"; `off`, why recording is impossible now, or ""; `alert`, why a
            recording ended early, or ""; `note`, the counts of the last recording;
            `watch`, whether to poll for changes in other windows; `due`, whether to send “calm”
            once recording is idle; `chosen`, a gesture's id; `recording`, None or its
            `gesture`, a `short` and a `long` text, and the seconds `since` its countdown ended,
            None before the first frame; `clicks`, the times of a moving gesture's count-in clicks
            in the same seconds, and their Hz; `cards`, each with
            `id`, `name`, `emoji`, `moves`, `samples`, `how` to perform it, or "", and `crops`, ids
            of samples, newest first; `pictures`, their URLs by id; `signs`, the emoji to choose.
        on_message: called when `cards_message(key)` is new, before the page is drawn.
    """
    _component(key=key, data=dict(data), on_said_change=on_message)


def cards_message(key: str) -> Mapping[str, Any] | None:
    """Return the browser's latest state, None before the first: {page, n, messages, missing}; a
    message has a number `n` and a `kind`:

    "begin" (gesture), "beat" and "end" of a hold, each with the milliseconds `held`; "start"
    (gesture) and "stop" by a press; "choose" (gesture), "delete" (sample), "rename" (gesture,
    name, emoji), "add" (name, emoji), "remove" (gesture); "calm".
    """
    return component_state(key, "said")
