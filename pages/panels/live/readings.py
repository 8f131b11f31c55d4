"""What hands mean, as shown beside a video: the emoji large, the name, a bar a gesture."""

from typing import Any

from core.recognition.live import Latest
from core.recognition.reading import Reading
from pages.components.answer import draw_answer

NO_HAND, UNSURE, UNKNOWN = "👀", "🤔", "🚫"
UNLIKE = "Unlike every gesture that the model learned."


def show_hands(latest: Latest, key: str) -> None:
    """Every hand of the last frame, side by side."""
    several = len(latest.hands) > 1
    shown = [_hand(hand, several=several) for hand in latest.hands]
    draw_answer(key, shown or [_said(NO_HAND, "No hand")])


def show_gesture(emoji: str, name: str, key: str) -> None:
    """One emoji, large, with its name."""
    draw_answer(key, [_said(emoji, name)])


def _hand(hand: Reading, *, several: bool) -> dict[str, Any]:
    whose = f"{hand.pose.handedness or 'a'} hand" if several else ""
    if hand.gesture is not None:
        said = _said(hand.gesture.emoji, hand.gesture.name, whose)
    elif hand.rejected:
        said = _said(UNKNOWN, "No gesture", whose or UNLIKE)
    else:
        said = _said(UNSURE, "No gesture", whose)
    most = max((share for _, share in hand.probabilities), default=0.0)
    said["bars"] = [
        {
            "emoji": gesture.emoji,
            "name": gesture.name,
            "share": float(share),
            "most": share == most,
        }
        for gesture, share in hand.probabilities
    ]
    return said


def _said(emoji: str, name: str, note: str = "") -> dict[str, Any]:
    return {"emoji": emoji, "name": name, "note": note, "bars": []}
