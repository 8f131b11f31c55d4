"""Random changes of a picture's appearance; every pixel keeps its place.

Legend: H W picture.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.pose.types import Picture


def jitter_colours(picture: Picture, rng: np.random.Generator) -> Picture:
    """Randomly change brightness, contrast, gamma and white balance; turn a few pictures grey."""
    light = picture.astype(np.float32) / 255
    mixing = np.eye(3) + rng.normal(0, 0.06, (3, 3))
    gain = np.exp(rng.normal(0, 0.22)) * np.exp(rng.normal(0, 0.08, 3))
    light = light @ (mixing * gain).T.astype(np.float32) + np.float32(rng.normal(0, 0.06))
    light = np.clip(light, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.25)))
    if rng.random() < 0.08:
        light = np.repeat(light.mean(axis=2, keepdims=True), 3, axis=2)
    return np.asarray(light * 255, np.uint8)


def degrade_quality(picture: Picture, rng: np.random.Generator) -> Picture:
    """Randomly lower resolution, blur, add noise and compress, like a webcam in low light."""
    height, width = picture.shape[:2]
    if rng.random() < 0.25:
        fraction = rng.uniform(0.25, 1)
        small = (max(1, round(width * fraction)), max(1, round(height * fraction)))
        picture = to_picture(cv2.resize(cv2.resize(picture, small), (width, height)))
    if rng.random() < 0.2:
        picture = to_picture(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 2.0))))
    if rng.random() < 0.15:
        picture = to_picture(cv2.filter2D(picture, -1, _draw_motion_kernel(rng)))
    if rng.random() < 0.3:
        channels = 1 + 2 * int(rng.random() < 0.5)
        noise = rng.standard_normal((height, width, channels), np.float32)
        noisy = picture + noise * np.float32(rng.uniform(2, 16))
        picture = np.clip(noisy, 0, 255).astype(np.uint8)
    if rng.random() < 0.15:
        quality = int(rng.integers(15, 70))
        _, code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        picture = to_picture(cv2.imdecode(code, cv2.IMREAD_COLOR))
    return picture


def erase_rectangle(picture: Picture, other: Picture, rng: np.random.Generator) -> Picture:
    """Fill a random rectangle with one colour or with a part of another picture."""
    rows, columns = picture.shape[:2]
    height, width = (int(rng.integers(side // 10, side // 3)) for side in (rows, columns))
    y, x = int(rng.integers(0, rows - height)), int(rng.integers(0, columns - width))
    covered = picture.copy()
    if rng.random() < 0.5:
        covered[y : y + height, x : x + width] = rng.integers(0, 256, 3)
    else:
        covered[y : y + height, x : x + width] = other[:height, :width]
    return covered


def to_picture(array: object) -> Picture:
    """Convert OpenCV's result to the picture type."""
    return np.asarray(array, np.uint8)


def _draw_motion_kernel(rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a motion-blur kernel: a line of random length and direction with a sum of 1."""
    length = int(rng.integers(3, 10))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1 / length
    centre = ((length - 1) / 2, (length - 1) / 2)
    rotation = cv2.getRotationMatrix2D(centre, rng.uniform(0, 180), 1)
    rotated = cv2.warpAffine(kernel, rotation, (length, length))
    return np.asarray(rotated / max(rotated.sum(), 1e-6), np.float32)
