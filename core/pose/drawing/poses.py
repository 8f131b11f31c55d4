"""Estimates on pictures.

Convention: RGB in, a new RGB picture out. Mirroring, where it is asked for, comes after the
skeleton and before the text, so that text can be read.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.pose.boxes import bounding_box
from core.pose.skeletons.skeleton import Rgb
from core.pose.skeletons.table import HAND_21, Skeleton, skeleton_named
from core.pose.types import Estimate, Floats, Picture, Pose

_EMOJI_FONTS = (
    "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
    "/usr/share/fonts/noto/NotoColorEmoji.ttf",
    "/usr/share/fonts/google-noto-color-emoji-fonts/NotoColorEmoji.ttf",
    "/System/Library/Fonts/Apple Color Emoji.ttc",
    "C:/Windows/Fonts/seguiemj.ttf",
)
_EMOJI_SIZES = (109, 160, 96)  # bitmap fonts hold but one size: Noto's, Apple's; any for outlines
_WHITE: Rgb = (255, 255, 255)
_PLATE: Rgb = (24, 24, 32)
# of people, who are told apart by them: far from each other, and from a body's sides
PERSON_COLORS: tuple[Rgb, ...] = (
    (90, 220, 90),
    (240, 90, 190),
    (250, 230, 70),
    (160, 110, 255),
    (90, 235, 220),
    (235, 70, 60),
    (245, 245, 245),
    (150, 100, 60),
)
_OLD, _NEW = np.array((70, 70, 110)), np.array((255, 190, 40))  # a path's start and end
_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates


def draw_estimate(
    rgb: Picture,
    estimate: Estimate,
    *,
    labels: Sequence[str] | None = None,
    emoji: Sequence[str] | None = None,
    mirror: bool = False,
) -> Picture:
    """Draw every pose's skeleton on a copy of the picture, with label and emoji above it; numbered
    poses in the colour of their number.

    Args:
        labels: one text a pose ("" draws none).
        emoji: one a pose; left out where the system has no colour emoji font.
        mirror: return the mirrored picture, with readable text.
    """
    out = rgb.copy()
    for i, pose in enumerate(estimate.poses):
        color = person_color(estimate.numbers[i]) if estimate.numbers else None
        _draw_skeleton(out, pose, skeleton_named(estimate.skeleton), color)
    if mirror:
        cv2.flip(out, 1, out)  # thirty times as quick as numpy, and no second buffer
    for i, pose in enumerate(estimate.poses):
        if labels and labels[i] and np.isfinite(pose.keypoints).any():
            _draw_label(out, pose.keypoints, labels[i], emoji[i] if emoji else "", mirror)
    return out


def person_color(number: int) -> Rgb:
    """Return the colour of a person's number, from 1; the eight colours repeat."""
    return PERSON_COLORS[(number - 1) % len(PERSON_COLORS)]


def person_swatch(number: int, side: int = 24) -> Picture:
    """Return a (side, side, 3) square of a person's colour."""
    return np.full((side, side, 3), person_color(number), np.uint8)


def draw_pose(rgb: Picture, pose: Pose, skeleton: Skeleton = HAND_21) -> Picture:
    """Draw one skeleton on a copy of the picture."""
    out = rgb.copy()
    _draw_skeleton(out, pose, skeleton)
    return out


def _draw_skeleton(
    out: Picture, pose: Pose, skeleton: Skeleton, single_color: Rgb | None = None
) -> None:
    """Draw edges and keypoints into the picture in place, skipping missing ones; draw no edges if
    the pose has another number of keypoints than the skeleton."""
    width = max(1, round(min(out.shape[:2]) / 240))  # 2 px at 640x480
    ends = [_to_drawing_coordinates(x, y) for x, y in pose.keypoints.tolist()]
    edges = skeleton.edges if len(ends) == skeleton.size else ()  # another's keypoints: alone
    for (a, b), color in zip(edges, skeleton.colors, strict=bool(edges)):
        if (start := ends[a]) and (end := ends[b]):
            cv2.line(out, start, end, single_color or color, width, cv2.LINE_AA, _SHIFT)
    radius = int(width * 1.2 * (1 << _SHIFT))
    for end in filter(None, ends):
        cv2.circle(out, end, radius, _WHITE, -1, cv2.LINE_AA, _SHIFT)


def _to_drawing_coordinates(x: float, y: float) -> tuple[int, int] | None:
    """Convert to OpenCV's fixed-point coordinates; None if the keypoint is missing."""
    there = math.isfinite(x) and math.isfinite(y)
    return (round(x * (1 << _SHIFT)), round(y * (1 << _SHIFT))) if there else None


def _draw_label(out: Picture, keypoints: Floats, text: str, emoji: str, mirror: bool) -> None:
    """Draw a label above the keypoints, moved inside the picture; `mirror`: the picture is mirrored
    already, the keypoints aren't."""
    height, width = out.shape[:2]
    plate = render_label(text, emoji, max(18, height // 14))
    x0, y0, x1, _ = bounding_box(keypoints)
    middle = (x0 + x1) / 2
    middle = width - 1 - middle if mirror else middle
    left = max(0, min(int(middle - plate.shape[1] / 2), width - plate.shape[1]))
    top = max(0, min(int(y0 - plate.shape[0] * 1.3), height - plate.shape[0]))
    space = out[top : top + plate.shape[0], left : left + plate.shape[1]]
    space[:] = plate[: space.shape[0], : space.shape[1]]


@lru_cache(maxsize=256)
def render_label(text: str, emoji: str, height: int) -> Picture:
    """Render a label, (height, W, 3), with the text and, if a colour font has it, the emoji."""
    font = ImageFont.load_default(height * 0.55)
    sign = render_emoji(emoji, round(height * 0.8))
    sign_width = sign.width + height // 6 if sign else 0
    pad = height // 4
    width = round(pad * 2 + sign_width + font.getlength(text))
    plate = Image.new("RGB", (width, height), _PLATE)
    if sign:
        plate.paste(sign, (pad, (height - sign.height) // 2), sign)
    draw = ImageDraw.Draw(plate)
    draw.text((pad + sign_width, height / 2), text, _WHITE, font, anchor="lm")
    return np.array(plate)


@lru_cache(maxsize=256)
def render_emoji(emoji: str, size: int) -> Image.Image | None:
    """Render an emoji as an RGBA picture of that height; None if it is "" or has no colour font."""
    font = _load_emoji_font() if emoji else None
    if font is None:
        return None
    left, top, right, bottom = font.getbbox(emoji)
    if right <= left or bottom <= top:
        return None
    sprite = Image.new("RGBA", (round(right - left), round(bottom - top)))
    ImageDraw.Draw(sprite).text((-left, -top), emoji, font=font, embedded_color=True)
    if sprite.getbbox() is None:
        return None
    return sprite.resize((max(1, round(sprite.width * size / sprite.height)), size))


@lru_cache(maxsize=1)
def _load_emoji_font() -> ImageFont.FreeTypeFont | None:
    """Load the system's colour emoji font in the first available size; None if there is none."""
    path = emoji_font_path()
    for size in _EMOJI_SIZES if path else ():
        try:
            return ImageFont.truetype(str(path), size)
        except OSError:  # a bitmap font without this size
            continue
    return None


def emoji_font_path() -> Path | None:
    """Find the system's colour emoji font; None if it has none."""
    return next((path for path in map(Path, _EMOJI_FONTS) if path.is_file()), None)


def draw_path(rgb: Picture, points: Floats) -> Picture:
    """Draw a path through (T, 2) points on a copy of the picture, skipping missing ones: darker at
    its start, with a dot at its end."""
    out = rgb.copy()
    ends = [end for x, y in points.tolist() if (end := _to_drawing_coordinates(x, y))]
    width = max(2, out.shape[0] // 120)
    for number, (start, end) in enumerate(pairwise(ends), 1):
        colour = (_OLD + number / len(ends) * (_NEW - _OLD)).tolist()
        cv2.line(out, start, end, colour, width, cv2.LINE_AA, _SHIFT)
    if ends:
        cv2.circle(out, ends[-1], (2 * width) << _SHIFT, _NEW.tolist(), -1, cv2.LINE_AA, _SHIFT)
    return out
