"""A camera at this machine, for the command line (the pages' camera is in the browser)."""

import time
from collections.abc import Iterator

import cv2
import numpy as np

from core.errors import MediaError
from core.pose.types import Frame


def read_camera(number: int) -> Iterator[Frame]:
    """Frames as they come, until the camera stops; people see themselves mirrored.

    Raises:
        MediaError: no such camera, or it is in use.
    """
    capture = cv2.VideoCapture(number)
    try:
        begun, index = time.monotonic(), 0
        while True:
            there, bgr = capture.read() if capture.isOpened() else (False, None)
            if not there or bgr is None:
                break
            rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
            yield Frame(rgb, time.monotonic() - begun, index, f"camera:{number}", True)
            index += 1
        if index == 0:
            raise MediaError(f"camera {number} gives no picture: is it plugged in and not in use?")
    finally:
        capture.release()
