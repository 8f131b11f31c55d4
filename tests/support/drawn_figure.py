"""Draw a figure with arms at given angles."""

import numpy as np

from core.pose.skeletons.table import LSP_14

AT = LSP_14.index
DOWN, OUT, OBLIQUE, UP = (0, 0), (90, 90), (135, 135), (180, 180)


def figure(left: tuple[float, float], right: tuple[float, float]) -> np.ndarray:
    """(14, 2) somebody who faces the camera, 100 px from shoulders to hips, by the angles of the
    arms at the screen's left and right: the person's right arm is at the screen's left."""
    body = np.full((14, 2), np.nan, np.float32)
    for side, way, angles in (("right", -1, left), ("left", 1, right)):
        body[AT(f"{side}_shoulder")] = at = np.array([300 + way * 35, 100.0])
        body[AT(f"{side}_hip")] = [300 + way * 22, 200]
        for joint, angle in zip(("elbow", "wrist"), np.radians(angles), strict=True):
            at = at + 50 * np.array([way * np.sin(angle), np.cos(angle)])
            body[AT(f"{side}_{joint}")] = at
    body[AT("neck")], body[AT("head_top")] = (300, 95), (300, 40)
    return body
