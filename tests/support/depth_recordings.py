"""Small recordings of depth for tests, as somebody would upload them."""

import json

import cv2
import numpy as np

CAMERA_JSON = json.dumps(
    {"fx": 50, "fy": 51.0, "u0": 3.5, "v0": 2.5, "width": 8, "height": 6}
).encode()


def depth_png(mm: int, size_hw: tuple[int, int] = (6, 8)) -> bytes:
    """A wall."""
    return cv2.imencode(".png", np.full(size_hw, mm, np.uint16))[1].tobytes()
