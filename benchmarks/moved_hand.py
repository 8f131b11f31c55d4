"""Films of a real hand's picture that is moved along real ways of a fingertip (SFINGE 3D's), for
the fake camera.

Ways are in metres on the screen: x to the viewer's right, y down, the middle of their box at 0.
A part of a film carries its number in black and white squares at the upper edge.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.sfinge import FILE
from benchmarks.sfinge import FPS as TRACK_FPS
from core.pose.types import Picture

FPS = 15  # of the films: of 10, MediaPipe loses six times as many hands that are quick
HIGH, WIDE = 480, 640
HAND_PX, METRE_PX = 140, 650  # smaller, MediaPipe loses it; larger, a circle leaves the picture
BITS, SQUARE = 7, 24  # of a part's number
_INDEX_TIP = 7
_ONE_WAY = 0.6  # of its range a swipe must be farther aside at its end: it does not come back
_ROUND_M2 = 0.03  # area of a circle
_OTHER_S, _OTHER_M = 2.0, 0.1  # other movement takes so long and reaches so far, at least
_APART = 4  # frames between it and a gesture
_REST_S, _AFTER_S = 0.6, 0.8
_GROUND = 150

Way = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Part:
    """Of a film.

    Attributes:
        what: a gesture's name, OTHER, or REST, AFTER or AWAY.
        way: where the hand is, frame by frame; of no rows where it is away.
        frames: how many.
    """

    what: str
    way: Way
    frames: int


OTHER, REST, AFTER, AWAY = "none", "rest", "after", "away"


def cut_out_ways(folder: Path) -> dict[str, list[Way]]:
    """The dictionary's, by gesture."""
    with np.load(folder / FILE) as file:
        tips = file["dict_xyz"][:, _INDEX_TIP].astype(float) / float(file["scale"])
        parts = [tips[a:b] for a, b in pairwise(file["dict_start"])]
        return named(zip(file["dict_label"].tolist(), parts, strict=True))


def recorded_ways(folder: Path) -> tuple[dict[str, list[Way]], list[list[Way]]]:
    """The continuous recordings', by gesture; and each one's other movement."""
    with np.load(folder / FILE) as file:
        tips = file["seq_xyz"][:, _INDEX_TIP].astype(float) / float(file["scale"])
        whole = [tips[a:b] for a, b in pairwise(file["seq_start"])]
        truth = [file[f"gt_{column}"].tolist() for column in ("seq", "label", "begin", "end")]
        numbers = file["seq_id"].tolist()
    gestures, others = [], []
    for number, recording in zip(numbers, whole, strict=True):
        spans = [row[1:] for row in zip(*truth, strict=True) if row[0] == number]
        gestures += [(label, recording[a : b + 1]) for label, a, b in spans]
        edges = [0, *(edge for _, a, b in spans for edge in (a - _APART, b + _APART))]
        gaps = zip(edges[::2], [*edges[1::2], len(recording)], strict=True)
        pieces = [_on_screen(recording[a:b]) for a, b in gaps if b - a >= _OTHER_S * TRACK_FPS]
        others.append([p for p in pieces if np.ptp(p, axis=0).max() >= _OTHER_M])
    return named(gestures), others


def _on_screen(points: NDArray[np.float64]) -> Way:
    flat = points[:, :2] * [1, -1]
    return flat - (flat.max(0) + flat.min(0)) / 2


def named(labelled: Iterable[tuple[str, NDArray[np.float64]]]) -> dict[str, list[Way]]:
    """Ways by the gesture they show for sure; points are SFINGE 3D's, (F, 3) metres."""
    found: dict[str, list[Way]] = {}
    for label, points in labelled:
        way = _on_screen(points)
        name = _name(label, way)
        if name:
            found.setdefault(name, []).append(way)
    return found


def _name(label: str, way: Way) -> str:
    """What the way shows; "" where it is none of these, or none for sure."""
    if label == "swipe_o":
        turned = _area(way)
        return "" if abs(turned) < _ROUND_M2 else "clockwise" if turned > 0 else "counter_clockwise"
    aside = (way[-1, 0] - way[0, 0]) / np.ptp(way[:, 0])
    goes = {"swipe_left": -aside, "swipe_right": aside}.get(label, 0.0)
    return label if goes >= _ONE_WAY else ""


def _area(way: Way) -> float:
    """Inside a way, positive where it goes as a clock's hand."""
    x, y = way.T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def evenly(ways: list[Any], number: int) -> list[Any]:
    """So many of them, from the first to the last."""
    return [ways[i] for i in np.linspace(0, len(ways) - 1, number).round().astype(int)]


# ---------------------------------------------------------------------------------------- the film


def performance(what: str, way: Way, away_s: float) -> list[Part]:
    """A hand that comes, rests, moves, rests and goes for so long."""
    return [
        Part(REST, way[:1], round(_REST_S * FPS)),
        moving(what, way),
        Part(AFTER, way[-1:], round(_AFTER_S * FPS)),
        away(away_s),
    ]


def moving(what: str, way: Way) -> Part:
    """The way at the film's rate."""
    times = np.arange(len(way)) / TRACK_FPS
    wanted = np.arange(0, times[-1] + 1e-9, 1 / FPS)
    moved = np.stack([np.interp(wanted, times, column) for column in way.T], 1)
    return Part(what, moved, len(moved))


def away(seconds: float) -> Part:
    """No hand."""
    return Part(AWAY, np.empty((0, 2)), round(seconds * FPS))


def write(path: Path, parts: list[Part], photo: tuple[Picture, NDArray[np.float32]]) -> Path:
    """The film, as Y4M; photo: RGB and how much of it is hand, 0 to 1."""
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{WIDE} H{HIGH} F{FPS}:1\n".encode())
        for number, part in enumerate(parts, 1):
            for frame in range(part.frames):
                at = part.way[min(frame, len(part.way) - 1)] if len(part.way) else None
                picture = _picture(at, photo, number)
                film.write(b"FRAME\n" + cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path


def _picture(
    at: NDArray[np.float64] | None, photo: tuple[Picture, NDArray[np.float32]], number: int
) -> Picture:
    """What the camera sees, which is not mirrored as the screen is."""
    picture = np.full((HIGH, WIDE, 3), _GROUND, np.float32)
    if at is not None:
        rgb, share = photo
        high, wide = share.shape
        x, y = at * [-METRE_PX, METRE_PX] + [(WIDE - wide) / 2, (HIGH + SQUARE - high) / 2]
        to = np.array([[1, 0, x], [0, 1, y]], np.float32)
        moved = cv2.warpAffine(rgb.astype(np.float32), to, (WIDE, HIGH))
        covers = cv2.warpAffine(share, to, (WIDE, HIGH))[..., None]
        picture = picture * (1 - covers) + moved * covers
    for bit in range(BITS):
        picture[:SQUARE, bit * SQUARE : (bit + 1) * SQUARE] = 255 * (number >> bit & 1)
    return picture.astype(np.uint8)


def hand_of(photo: Picture, keypoints: NDArray[np.float32]) -> tuple[Picture, NDArray[np.float32]]:
    """The hand of a photo, HAND_PX high, with a soft edge, and how much is hand."""
    around = cv2.convexHull(keypoints.astype(np.int32))
    high = float(np.ptp(keypoints[:, 1]))
    share = cv2.fillConvexPoly(np.zeros(photo.shape[:2], np.float32), around, 1.0)
    wider = round(high * 0.13)
    share = cv2.dilate(share, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * wider + 1,) * 2))
    share = cv2.GaussianBlur(share, (0, 0), high * 0.02)
    x, y, w, h = cv2.boundingRect((share > 0.01).astype(np.uint8))
    size = (round(w * HAND_PX / high), round(h * HAND_PX / high))
    part = slice(y, y + h), slice(x, x + w)
    rgb, covers = (
        cv2.resize(one[part], size, interpolation=cv2.INTER_AREA) for one in (photo, share)
    )
    return rgb.astype(np.uint8), covers.astype(np.float32)
