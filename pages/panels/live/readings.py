"""What hands or bodies mean, beside a video: the emoji large, the name, a bar a gesture; and a
warning where they differ from the training samples."""

from typing import Any

import streamlit as st

from core.gestures.labels import safe_label
from core.gestures.modelfile.coverage import HALF_NOTE
from core.gestures.modelfile.drift import Drift, Hand
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion import stream
from core.live.live import Latest
from core.pose.skeletons.table import skeleton_named
from core.reading.motions import Motion
from core.reading.reading import HandReading
from pages.components.answer import draw_answers

NO_HAND, UNSURE, UNKNOWN, MADE = "👀", "🤔", "🚫", "👋"
SHOWN_S = 2.0  # that a gesture which moves is shown
UNLIKE = "Unlike every gesture that the model learned."
BUT = {
    stream.SLOW: "slower than your examples",
    stream.UNLIKE: "smaller than your examples, or otherwise unlike them",
    stream.UNSURE: "as much like another",
}


def show_answers(latest: Latest, key: str, skeleton: str | None = None) -> None:
    """Every hand, or body of that skeleton, of the last frame, side by side."""
    draw_answers(key, answers_of(latest, skeleton))


def answers_of(latest: Latest, skeleton: str | None = None) -> list[dict[str, Any]]:
    """The same as `draw_answer` takes it."""
    people = skeleton is not None and skeleton_named(skeleton).is_body
    whose = _person_label if people else _hand_label
    several = latest.numbered or len(latest.hands) > 1
    # the surest comes first there, which changes from frame to frame
    hands = sorted(latest.hands, key=lambda hand: (latest.numbered and hand.number, hand.hand))
    shown = [_reading_data(hand, whose(hand) if several else "") for hand in hands]
    if moved := _motion_data(latest):
        shown = [*(hand for hand in shown if hand["bars"]), moved]
    return shown or [_answer_data(NO_HAND, "Nobody" if people else "No hand")]


def recent_motions(latest: Latest) -> str:
    """The last gestures that move, the newest first; "" before the first."""
    events = [motion.event for _, motion in reversed(latest.made)]
    return " · ".join(f"{event.gesture.title} {event.confidence:.0%}" for event in events)


def show_placeholder(emoji: str, name: str, key: str) -> None:
    """One emoji, large, with its name."""
    draw_answers(key, [_answer_data(emoji, name)])


def _hand_label(hand: HandReading) -> str:
    side = hand.pose.handedness
    return f"{side} hand" if side else f"a {hand.hand}"


def _person_label(body: HandReading) -> str:
    """By the number that the video shows."""
    return f"person {body.number}"


def _reading_data(hand: HandReading, whose: str) -> dict[str, Any]:
    if hand.gesture is not None:
        said = _answer_data(hand.gesture.emoji, hand.gesture.name, whose)
    elif hand.rejected:
        said = _answer_data(UNKNOWN, "No gesture", whose or UNLIKE)
    else:
        said = _answer_data(UNSURE, "No gesture", whose)
    if hand.half:
        said["note"] = " · ".join(filter(None, (whose, HALF_NOTE)))
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


def _motion_data(latest: Latest) -> dict[str, Any] | None:
    """What has just been made, or nearly: a hand on its way to a still gesture meant no other."""
    made = latest.made[-1] if latest.made else None
    missed = latest.missed
    if made and latest.taken_s - made[0] < SHOWN_S:
        return _performed_data(made[1])
    still = any(hand.gesture for hand in latest.hands)
    if missed and not still and latest.taken_s - missed[0] < SHOWN_S:
        near = missed[1]
        return _answer_data(UNSURE, "No gesture", f"like {near.gesture.title}, but {BUT[near.why]}")
    return None


def _performed_data(motion: Motion) -> dict[str, Any]:
    gesture, confidence = motion.event.gesture, motion.event.confidence
    return _answer_data(gesture.emoji or MADE, gesture.name, f"made just now · {confidence:.0%}")


def _answer_data(emoji: str, name: str, note: str = "") -> dict[str, Any]:
    return {"emoji": emoji, "name": name, "note": note, "bars": []}


def warn_about_drift(latest: Latest, model: GestureModel | None) -> None:
    """One sentence when the last half minute differs from the training data, and what to do."""
    if model is None:
        return
    key, drift = st.session_state.get("drift", (None, None))
    if key != model.path or drift is None:
        drift = Drift(model.metadata.get("usual", {}), model.skeleton)
        st.session_state["drift"] = (model.path, drift)
    hands = [
        Hand(
            hand.pose.keypoints,
            hand.gesture.name if hand.gesture else None,
            hand.rejected,
            hand.half,
        )
        for hand in latest.hands
    ]
    drift.see(hands, latest.taken_s, mirrored_view=True)
    if sentence := drift.sentence():
        st.warning(safe_label(sentence), icon="🧭")
