"""What the gesture cards show, as `pages/components/gesture_cards.py` takes it."""

import base64
import math
from typing import Any

from core.capture.plans import Progress
from core.capture.samples import thumbnail
from core.gestures.labels import how_to_perform
from core.store import Gesture, Sample, Store
from core.store.index import count_samples, newest_samples, read_samples
from pages.panels.capture.cards_place import Cards
from pages.panels.project.emoji import HANDS

CROPS = 12  # of each gesture, on the widest screen


def cards_data(cards: Cards, progress: Progress) -> dict[str, Any]:
    """Everything that is shown now, and the pictures that the browser lacks."""
    talk, gestures, chosen = cards.talk, cards.gestures(), cards.chosen()
    counts = count_samples(cards.recorder.store, cards.project.id)
    return {
        "page": talk.inbox.page,
        "heard": talk.inbox.heard,
        "refused": talk.refused,
        "mode": "hold" if cards.plan.lease_s else "press",
        "off": cards.off,
        "alert": progress.note,
        "note": _counts(progress, gestures),
        "watch": cards.watch or (cards.live is not None and bool(cards.off)),
        "due": talk.due,
        "chosen": chosen.id if chosen else None,
        "recording": _recording(progress),
        "clicks": cards.plan.of_clips.clicks,
        "cards": [
            _card(cards, gesture, counts.get(gesture.id, 0)) for gesture in gestures.values()
        ],
        "pictures": pictures_of(cards.recorder.store, talk.inbox.missing),
        "signs": HANDS,
    }


def _card(cards: Cards, gesture: Gesture, samples: int) -> dict[str, Any]:
    store, project = cards.recorder.store, cards.project
    return {
        "id": gesture.id,
        "name": gesture.name,
        "emoji": gesture.label.emoji,
        "moves": gesture.moves,
        "samples": samples,
        "how": _how(gesture) if gesture.moves and not samples else "",
        "crops": newest_samples(store, project.id, gesture.id, CROPS) if samples else [],
    }


def _how(gesture: Gesture) -> str:
    return how_to_perform(gesture.name) or "Each sample is one performance."


def pictures_of(store: Store, ids: list[int]) -> dict[str, str]:
    """The small pictures of samples by id, as addresses that hold them. The server keeps none: what
    is forgotten or deleted is shown no more."""
    found = read_samples(store, ids) if ids else []
    return {str(sample.id): _address(sample) for sample in found}


def _address(sample: Sample) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(thumbnail(sample)).decode()}"


def _recording(progress: Progress) -> dict[str, Any] | None:
    if progress.state == "idle":
        return None
    left = "" if progress.left_s is None else f" {math.ceil(progress.left_s)} s"
    short, long = f"● {progress.part or f'{progress.kept} kept'}", f"● Recording{left}"
    if progress.state == "countdown":
        short, long = f"⏳{left}", f"⏳ Get ready{left}"
    return {
        "gesture": progress.gesture_id,
        "since": progress.since_s,
        "short": short,
        "long": long,
    }


def _counts(progress: Progress, gestures: dict[int, Gesture]) -> str:
    """What became of the recording, or how it stands; "" before the first."""
    gesture = gestures.get(progress.gesture_id or 0)
    if gesture is None:
        return ""
    refused = f" ({progress.reasons})" if progress.refused else ""
    return f"{gesture.name}: {progress.counts}{refused}"
