"""Two photos of a hand as one picture of both hands, as a camera sees them."""

import cv2
import numpy as np

PAPER, SIDE = 128, 260


def both_hands(right, left, nearer=0):
    """(480, 640, 3) grey with the right hand's photo at its left, and another one, mirrored, beside
    it, each nearer to the middle by so many pixels."""
    out = np.full((480, 640, 3), PAPER, np.uint8)
    for photo, x in ((right, 40 + nearer), (cv2.flip(left, 1), 340 - nearer)):
        scale = SIDE / max(photo.shape[:2])
        small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        out[110 : 110 + small.shape[0], x : x + small.shape[1]] = small
    return out
