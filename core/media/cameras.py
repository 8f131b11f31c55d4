"""Frames of a camera at this machine (command line) and of a browser's video stream (pages).

A stream's colours are those of standard television (BT.601, 16 to 235), as browsers send them.
"""

import time
from collections.abc import Iterator
from typing import Any

import av
import cv2
import numpy as np

from core.errors import MediaError
from core.pose.types import Frame, Picture


def read_camera(number: int) -> Iterator[Frame]:
    """Yield a camera's mirrored frames until it stops; raise MediaError if it gives none."""
    capture = cv2.VideoCapture(number)
    try:
        started_s, index = time.monotonic(), 0
        while capture.isOpened():
            success, bgr = capture.read()
            if not success:
                break
            rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
            yield Frame(rgb, time.monotonic() - started_s, index, f"camera:{number}", True)
            index += 1
        if index == 0:
            raise MediaError(f"camera {number} gives no picture: is it plugged in and not in use?")
    finally:
        capture.release()


def decode_stream_frame(frame: av.VideoFrame) -> Picture:
    """Convert a stream's frame to (H, W, 3) RGB."""
    # one thread: by default each frame would start some and end them
    rgb: Any = frame.to_ndarray(format="rgb24", threads=1)
    return rgb


def encode_stream_frame(rgb: Picture) -> av.VideoFrame:
    """Convert a picture to YUV 4:2:0, dropping an odd last row or column."""
    height, width = rgb.shape[0] & ~1, rgb.shape[1] & ~1
    planes: Any = cv2.cvtColor(rgb[:height, :width], cv2.COLOR_RGB2YUV_I420)
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")
