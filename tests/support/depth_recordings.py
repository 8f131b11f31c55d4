"""Small recordings of depth for tests, as somebody would upload them; and rendered hands."""

import json
import struct

import cv2
import numpy as np

from core.lab.renderer.render import render_hand
from core.store import NewSample, Store
from core.store.rows import Project

CAMERA_JSON = json.dumps(
    {"fx": 50, "fy": 51.0, "u0": 3.5, "v0": 2.5, "width": 8, "height": 6}
).encode()


def record_rendered_hands(
    store: Store, project: Project, *, picture: bool = True, found_by: str = "a net of depth"
) -> None:
    """Six rendered hands each of fist and open_palm, of one person: in the picture with 3-D beside
    it, or in space alone."""
    gestures = {gesture.name: gesture.id for gesture in store.gestures(project.id)}
    session = store.start_session(project.id, store.ensure_person(project.id, "Ada").id, "depth")
    scores = np.ones(21, np.float32)
    for seed, name in enumerate(("fist", "open_palm")):
        samples = []
        for n in range(6):
            mm = render_hand(seed, n).joints_mm("hand_21").astype(np.float32)
            keypoints, more = (
                (mm[:, :2], {"world": mm / 1000}) if picture else (mm, {"space": "millimetres"})
            )
            samples.append(NewSample(keypoints, scores, "depth", False, found_by, **more))
        store.add_samples(store.start_recording(session, gestures[name]), samples)


def depth_png(mm: int, size_hw: tuple[int, int] = (6, 8)) -> bytes:
    """A wall."""
    return cv2.imencode(".png", np.full(size_hw, mm, np.uint16))[1].tobytes()


def pack_msra(patch: np.ndarray, left: int, top: int) -> bytes:
    """MSRA's frame of 320 x 240 pixels: the patch of it that shows the hand."""
    height, width = patch.shape
    header = struct.pack("<6i", 320, 240, left, top, left + width, top + height)
    return header + patch.astype("<f4").tobytes()
