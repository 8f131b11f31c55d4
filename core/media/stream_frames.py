"""A video stream's frames ↔ pictures, thirty times a second: quicker than PyAV does it unasked.

Convention: a stream's colours are those of standard television (BT.601, 16 to 235), as browsers
send and show them.
"""

from typing import Any

import av
import cv2

from core.pose.types import Picture


def picture_of(frame: av.VideoFrame) -> Picture:
    """(H, W, 3) RGB."""
    # one thread: by default each frame would start some and end them
    rgb: Any = frame.to_ndarray(format="rgb24", threads=1)
    return rgb


def frame_of(rgb: Picture) -> av.VideoFrame:
    """The frame as an encoder takes it, of even size: an odd last row or column is left out."""
    height, width = rgb.shape[0] & ~1, rgb.shape[1] & ~1
    planes: Any = cv2.cvtColor(rgb[:height, :width], cv2.COLOR_RGB2YUV_I420)
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")
