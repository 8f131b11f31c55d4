"""Hands drawn from keypoints: shaded shapes that MediaPipe and the light CPM find, and no photo.

Convention: x right, y down. Everything is drawn at twice the size and shrunk, so edges are smooth.
Lengths are shares of the hand's own (wrist to middle knuckle). H W picture.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.pose.skeletons.table import HAND_21
from core.pose.types import Floats, Picture

_FINER = 2
_SKIN = np.array([214, 158, 128], np.float32)
_LIGHT = np.array([-0.45, -0.6, 0.75], np.float32) / np.linalg.norm([-0.45, -0.6, 0.75])
_FINGERS = list(HAND_21.groups.values())
_THICK = (0.135, 0.125, 0.13, 0.122, 0.105)  # thumb to little finger
_TAPER = (1.08, 1.0, 0.92, 0.8)
_THUMB_TAPER = (1.3, 1.12, 1.0, 0.82)


def draw_hand(keypoints: Floats, size_hw: tuple[int, int] = (480, 640)) -> Picture:
    """(21, 2) keypoints in pixels as a hand with a forearm before a plain wall."""
    height, width = size_hw
    points = keypoints.astype(np.float64) * _FINER + (_FINER - 1) / 2
    hand = _Hand(points, _wall(height * _FINER, width * _FINER))
    hand.draw()
    small = cv2.resize(hand.canvas, (width, height), interpolation=cv2.INTER_AREA)
    grain = np.random.default_rng(1).normal(0, 1.5, small.shape)
    return np.clip(cv2.GaussianBlur(small, (0, 0), 0.6) + grain, 0, 255).astype(np.uint8)


class _Hand:
    """A hand on its canvas, drawn from back to front: forearm, palm with open fingers, the rest."""

    def __init__(self, points: NDArray[np.float64], canvas: Floats) -> None:
        self.points, self.canvas = points, canvas
        self.size_hw = canvas.shape[:2]
        long, broad = np.linalg.norm(points[[9, 5]] - points[[0, 17]], axis=1).tolist()
        self.unit: float = max(long, 1.1 * broad)
        self.thick = [share * self.unit for share in _THICK]

    def draw(self) -> None:
        self._forearm()
        palm = self._palm()
        bumps, body, over = 0.75 * _bumps(palm, 0.3 * self.unit), palm.copy(), []
        for finger in (4, 3, 2, 1, 0):
            if finger and self._is_open(finger):
                mask, high = self._open_finger(finger, palm)
                bumps, body = np.maximum(bumps, high), body | mask
            else:
                over.append(finger)
        unit = self.unit
        _paint(self.canvas, body, cv2.GaussianBlur(bumps, (0, 0), 0.035 * unit), 0.06 * unit)
        for finger in over:
            self._bent_finger(finger, palm)

    def _forearm(self) -> None:
        wrist, knuckles = self.points[0], self.points[[5, 9, 13, 17]].mean(axis=0)
        away = (wrist - knuckles) / (np.linalg.norm(wrist - knuckles) + 1e-6) * self.unit
        radii = [share * self.unit for share in (0.27, 0.26, 0.42)]
        mask = self._tube([wrist, wrist + 0.4 * away, wrist + 6 * away], radii)
        _paint(self.canvas, mask, _bumps(mask, radii[-1]), radii[-1])

    def _palm(self) -> Picture:
        p, unit = self.points, self.unit
        away = p[0] - p[[5, 9, 13, 17]].mean(axis=0)
        across = np.array([-away[1], away[0]]) / (np.linalg.norm(away) + 1e-6) * unit
        across *= np.sign(np.dot(p[5] - p[17], across)) or 1
        corners = [
            p[0] + 0.2 * across,
            p[1],
            0.45 * p[2] + 0.55 * p[5],
            p[5],
            p[9],
            p[13],
            p[17],
            p[0] - 0.22 * across,
            (p[17] + p[0]) / 2 - 0.1 * across,
        ]
        corner_mask = np.zeros(self.size_hw, np.uint8)
        cv2.fillPoly(corner_mask, [cv2.convexHull(np.round(corners).astype(np.int32))], 255)
        side = 2 * int(0.11 * unit) + 1
        mask = cv2.dilate(corner_mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
        ball = self._tube(p[:3], [0.2 * unit, 0.2 * unit, 0.15 * unit])
        return _rounded(np.bitwise_or(mask, ball, dtype=np.uint8), 0.06 * unit)

    def _is_open(self, finger: int) -> bool:
        base, _, _, tip = np.linalg.norm(self.points[[*_FINGERS[finger]]] - self.points[0], axis=1)
        return bool(tip > 1.35 * base)

    def _open_finger(self, finger: int, palm: Picture) -> tuple[Picture, Floats]:
        """Its mask, and how it stands out, which fades where it becomes the palm."""
        joints = self.points[[*_FINGERS[finger]]]
        root = 0.8 * joints[0] + 0.2 * self.points[0]
        radii = [self.thick[finger] * share for share in (0.8, *_TAPER)]
        mask = _rounded(self._tube([root, *joints], radii), 0.02 * self.unit)
        along = joints[1] - joints[0]
        y, x = np.ogrid[: self.size_hw[0], : self.size_hw[1]]
        share = ((x - joints[0][0]) * along[0] + (y - joints[0][1]) * along[1]) / (along @ along)
        faded = np.where(palm > 0, np.clip(0.3 + share, 0, 1), 1).astype(np.float32)
        return mask, _bumps(mask, self.thick[finger]) * faded

    def _bent_finger(self, finger: int, palm: Picture) -> None:
        """The thumb, or a finger in front of the palm, which begins without an edge."""
        joints, thick = self.points[[*_FINGERS[finger]]], self.thick[finger]
        taper, fade = (_TAPER, 1.5) if finger else (_THUMB_TAPER, 2.2)
        mask = _rounded(self._tube(joints, [thick * share for share in taper]), 0.02 * self.unit)
        drawn = self.canvas.copy()
        _paint(drawn, mask, _bumps(mask, 1.05 * thick), 1.05 * thick)
        y, x = np.ogrid[: self.size_hw[0], : self.size_hw[1]]
        far = np.hypot(x - joints[0][0], y - joints[0][1])
        share = np.where(palm > 0, np.clip((far / thick - 0.3) / fade, 0, 1), 1)[..., None]
        self.canvas += (share * (drawn - self.canvas)).astype(np.float32)

    def _tube(self, points: Iterable[NDArray[Any]], radii: Sequence[float]) -> Picture:
        """A mask of discs at the points, joined by straight sides."""
        mask = np.zeros(self.size_hw, np.uint8)
        for i, (a, b) in enumerate(pairwise(points)):
            side = np.array([a[1] - b[1], b[0] - a[0]]) / (np.linalg.norm(b - a) + 1e-6)
            corners = [
                a + side * radii[i],
                b + side * radii[i + 1],
                b - side * radii[i + 1],
                a - side * radii[i],
            ]
            cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 255)
        for (x, y), radius in zip(points, radii, strict=True):
            cv2.circle(mask, (round(x), round(y)), round(radius), 255, -1)
        return mask


def _rounded(mask: Picture, by: float) -> Picture:
    return np.where(cv2.GaussianBlur(mask, (0, 0), by) > 127, 255, 0).astype(np.uint8)


def _bumps(mask: Picture, radius: float) -> Floats:
    """How far each point stands out: a quarter circle from the edge inwards."""
    inside = np.clip(cv2.distanceTransform(mask, cv2.DIST_L2, 5) / radius, 0, 1)
    return (radius * np.sqrt(1 - (1 - inside) ** 2)).astype(np.float32)


def _paint(canvas: Floats, mask: Picture, bumps: NDArray[Any], radius: float) -> None:
    """The mask in skin, lit from the left above, with a soft shadow round it."""
    soft = cv2.GaussianBlur(bumps, (0, 0), 0.2 * radius + 1)
    dx, dy = (cv2.Sobel(soft, cv2.CV_32F, *axis, ksize=3) / 8 for axis in ((1, 0), (0, 1)))
    slope = (-dx * _LIGHT[0] - dy * _LIGHT[1] + _LIGHT[2]) / np.sqrt(dx * dx + dy * dy + 1)
    skin = np.clip(_SKIN * (0.42 + 0.66 * np.clip(slope, 0, 1))[..., None], 0, 255)
    edge = cv2.GaussianBlur(mask, (0, 0), 1.2).astype(np.float32)[..., None] / 255
    shadow = cv2.GaussianBlur(mask, (0, 0), 0.35 * radius).astype(np.float32)[..., None] / 255
    canvas *= 1 - 0.33 * shadow * (1 - edge)
    canvas += edge * (skin - canvas)


def _wall(height: int, width: int) -> Floats:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    up = 1 - y / height
    return np.dstack([168 + 40 * up + 10 * x / width, 182 + 38 * up, 194 + 34 * up])
