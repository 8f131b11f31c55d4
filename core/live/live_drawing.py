"""Draw into a stream's picture."""

import cv2
import numpy as np

from core.estimators import Estimator
from core.pose.drawing.heatmap_layout import Maps
from core.pose.drawing.heatmaps import draw_with_heatmaps
from core.pose.drawing.poses import render_label
from core.pose.types import Estimate, Picture
from core.reading.reading import HandReading


def mirror(rgb: Picture) -> Picture:
    """Flip a picture horizontally."""
    return np.asarray(cv2.flip(rgb, 1), np.uint8)


def draw_hands(
    rgb: Picture,
    estimate: Estimate,
    hands: tuple[HandReading, ...],
    maps: Maps,
    estimator: Estimator,
) -> Picture:
    """Draw skeletons, gesture names and heatmaps; return the mirrored picture."""
    return draw_with_heatmaps(
        rgb,
        estimate,
        maps,
        estimator.stages,
        attention_names=estimator.attends,
        mirror=True,
        labels=[_hand_label(hand, numbered=bool(estimate.numbers)) for hand in hands],
        emoji=[hand.gesture.emoji if hand.gesture else "" for hand in hands],
    )


def _hand_label(hand: HandReading, *, numbered: bool) -> str:
    name = hand.gesture.name if hand.gesture else ""
    return f"{hand.number} {name}".rstrip() if numbered else name


def draw_note(picture: Picture, note: str) -> None:
    """Draw a text into the picture's upper left corner, in place; do nothing if it is ""."""
    if note:
        plate = render_label(note, "", max(24, picture.shape[0] // 9))
        space = picture[: plate.shape[0], : plate.shape[1]]
        space[:] = plate[: space.shape[0], : space.shape[1]]
