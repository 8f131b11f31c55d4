"""The live answer: emoji, name and bars, drawn by the browser many times a second."""

from typing import Any

from pages.components import register_component

_component = register_component(
    "answer", '<div class="answer"></div><p class="held" role="status"></p>'
)


def draw_answers(key: str, hands: list[dict[str, Any]]) -> None:
    """Draw each hand's `emoji`, `name`, `note` and `bars`; a bar has `emoji`, `name`,
    `share` (the probability) and `most`, whether it is the highest."""
    _component(key=key, data={"hands": hands})
