"""The answer that a page shows of the last frame: each hand's or body's gesture with its bars, the
drift from the training data, and the rates, as JSON for the page's stage.
"""

from typing import TypedDict

from core.gestures.modelfile.drift import HALF_NOTE, DriftMonitor, Hand
from core.gestures.motion import stream
from core.live.live import Latest
from core.pose.skeletons.table import skeleton_named
from core.pose.types import LEFT, RIGHT
from core.reading.reading import HandReading
from core.words import words

NO_HAND, UNSURE, UNKNOWN, PERFORMED = "👀", "🤔", "🚫", "👋"
MOTION_SHOWN_S = 2.0
UNKNOWN_NOTE = words("Unlike every gesture that the model learned.")
NO_GESTURE = words("No gesture")
NEAR_MISS_REASONS = {
    stream.SLOW: words("slower than your examples"),
    stream.UNLIKE: words("smaller than your examples, or different in another way"),
    stream.UNSURE: words("just as similar to another gesture"),
}
_HAND_NAMES = {
    LEFT: words("Left hand"),
    RIGHT: words("Right hand"),
    "hand": words("a hand"),
    "hand again": words("a hand again"),
    "pair of hands": words("a pair of hands"),
}


class Bar(TypedDict):
    """A gesture's probability; `most`: whether it is the highest."""

    emoji: str
    name: str
    share: float
    most: bool


class HandAnswer(TypedDict):
    """A hand's or body's gesture, and a bar per gesture."""

    emoji: str
    name: str
    note: str
    bars: list[Bar]


def answers_of(latest: Latest, skeleton: str | None = None) -> list[HandAnswer]:
    """Return each hand's or body's gesture with probabilities, then a moving gesture just
    performed; else "No hand" or "Nobody"."""
    people = skeleton is not None and skeleton_named(skeleton).is_body
    several = latest.numbered or len(latest.hands) > 1
    # their order by confidence changes from frame to frame
    hands = sorted(latest.hands, key=lambda hand: (latest.numbered and hand.number, hand.hand))
    shown = [_reading_data(hand, _label_hand(hand, people) if several else "") for hand in hands]
    if moved := _motion_data(latest):
        shown = [*(hand for hand in shown if hand["bars"]), moved]
    return shown or [_answer_data(NO_HAND, words("Nobody") if people else words("No hand"))]


def recent_motions(latest: Latest) -> str:
    """Return the last moving gestures with their confidence, newest first; "" before the first."""
    events = [motion.event for _, motion in reversed(latest.made)]
    return " · ".join(f"{event.gesture.title} {event.confidence:.0%}" for event in events)


def placeholder(emoji: str, name: str) -> list[HandAnswer]:
    """Return the answer of one emoji with a name, while there is no frame."""
    return [_answer_data(emoji, name)]


def rates_text(latest: Latest) -> str:
    """Return the stream's frame rate, latency and picture size."""
    height, width = latest.size_hw
    return words(
        "{fps:.0f} fps · latency {ms:.0f} ms · {width} × {height} pixels",
        fps=latest.fps,
        ms=latest.latency_ms,
        width=width,
        height=height,
    )


def _label_hand(hand: HandReading, is_person: bool) -> str:
    """Return e.g. “Left hand”, or “person 2” with the number that the video shows."""
    if is_person:
        return words("person {number}", number=hand.number)
    name = hand.pose.handedness or hand.hand
    return _HAND_NAMES.get(name, f"a {name}")


def _reading_data(hand: HandReading, label: str) -> HandAnswer:
    """Return a hand's answer data: gesture or "No gesture", a note, and a bar per gesture."""
    if hand.gesture is not None:
        said = _answer_data(hand.gesture.emoji, hand.gesture.name, label)
    elif hand.rejected:
        said = _answer_data(UNKNOWN, NO_GESTURE, label or UNKNOWN_NOTE)
    else:
        said = _answer_data(UNSURE, NO_GESTURE, label)
    if hand.half:
        half = words(HALF_NOTE)
        said["note"] = words("{hand} · {note}", hand=label, note=half) if label else half
    most = max((share for _, share in hand.probabilities), default=0.0)
    said["bars"] = [
        {"emoji": gesture.emoji, "name": gesture.name, "share": float(p), "most": p == most}
        for gesture, p in hand.probabilities
    ]
    return said


def _motion_data(latest: Latest) -> HandAnswer | None:
    """Return the answer data of a moving gesture just performed or narrowly missed, or None."""
    made = latest.made[-1] if latest.made else None
    missed = latest.missed
    if made and latest.taken_s - made[0] < MOTION_SHOWN_S:
        event = made[1].event
        note = words("performed just now · {confidence:.0%}", confidence=event.confidence)
        return _answer_data(event.gesture.emoji or PERFORMED, event.gesture.name, note)
    still = any(hand.gesture for hand in latest.hands)
    if missed and not still and latest.taken_s - missed[0] < MOTION_SHOWN_S:
        near = missed[1]
        reason = NEAR_MISS_REASONS[near.why]
        note = words("like {gesture}, but {reason}", gesture=near.gesture.title, reason=reason)
        return _answer_data(UNSURE, NO_GESTURE, note)
    return None


def _answer_data(emoji: str, name: str, note: str = "") -> HandAnswer:
    return {"emoji": emoji, "name": name, "note": note, "bars": []}


def drift_warning(drift: DriftMonitor, latest: Latest) -> str:
    """Add a frame to the monitor; return what differs from training, with advice, or ""."""
    hands = [
        Hand(h.pose.keypoints, h.gesture.name if h.gesture else None, h.rejected, h.half)
        for h in latest.hands
    ]
    drift.add_frame(hands, latest.taken_s, mirrored_view=True)
    return drift.describe()
