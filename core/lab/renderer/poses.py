"""Random hand poses: the anatomical limits of the joints, and angles drawn within them.

Convention: the angles of `hand.py`, (5, 4) a hand: a bend is positive towards the palm, a spread
away from the middle finger (the middle finger's: to the little finger's side). Legend: N hands.
"""

import numpy as np

from core.depth.cameras import Points
from core.lab.renderer.hand import HandShape, compute_finger_chains

# Degrees, lowest and highest. Bends: normal ranges of motion of the American Society for Surgery of
# the Hand's Electronic Textbook of Hand Surgery (eatonhand.com); of the 0 to 45 degrees that it
# gives for overstretched knuckles, 15. That fingers spread by 15, the middle one hardly, and that
# the last joint bends two thirds of the one before is what models of hands commonly take, as from
# Lin, Wu and Huang 2000, Modeling the constraints of human hand motion (not looked up there).
_FINGER = [(-15, 90), (-15, 15), (0, 100), (0, 80)]
LIMITS_DEG = np.array(
    [
        [(0, 60), (0, 45), (-10, 55), (-15, 80)],  # radial, palmar abduction; second, third joint
        _FINGER,
        [(-15, 90), (-8, 8), (0, 100), (0, 80)],
        _FINGER,
        _FINGER,
    ],
    float,
)
WRIST_LIMITS_DEG = np.array([(-70, 75), (-20, 35)], float)  # bent to the palm, to the little finger
_FOLLOWING = 2 / 3  # of the second joint's bend is the third's
_CANDIDATES = 6  # per hand, so that one has no intersecting fingers
_ALLOWED_MM = 5.0  # soft tissue deforms


def sample_finger_angles(rng: np.random.Generator, shape: HandShape) -> Points:
    """Draw (5, 4) joint angles, radians: the first of six candidates without intersecting fingers,
    else the one with the least overlap."""
    angles = _sample_angle_candidates(rng, _CANDIDATES)
    overlap = measure_overlap(shape, compute_finger_chains(shape, angles))
    fitting = np.flatnonzero(overlap < _ALLOWED_MM)
    return angles[fitting[0] if len(fitting) else int(np.argmin(overlap))]


def sample_wrist_angles(rng: np.random.Generator) -> tuple[float, float]:
    """Draw wrist angles, radians: flexion to the palm, and deviation to the little finger."""
    drawn = rng.normal((-8, 5), (24, 12))
    bend, turn = np.radians(np.clip(drawn, *WRIST_LIMITS_DEG.T))
    return float(bend), float(turn)


def _sample_angle_candidates(rng: np.random.Generator, count: int) -> Points:
    """Draw (N, 5, 4) joint angles, radians, within the joint limits."""
    curl = _sample_curls(rng, count)
    knuckle = np.clip(curl + rng.normal(0, 0.18, curl.shape), 0, 1)
    middle = np.clip(curl + rng.normal(0, 0.15, curl.shape), 0, 1)
    degrees = np.empty((count, 5, 4))
    fingers = degrees[:, 1:]
    fingers[..., 0] = 82 * knuckle - rng.uniform(-4, 18, (count, 1)) * (1 - knuckle)
    fingers[..., 2] = 100 * middle + rng.normal(3, 3, curl.shape)
    fingers[..., 3] = _FOLLOWING * fingers[..., 2] + rng.normal(0, 6, curl.shape)
    spread = 15 * rng.uniform(-0.5, 1, (count, 1)) + rng.normal(0, 4, curl.shape)
    fingers[..., 1] = spread * (1 - 0.8 * knuckle)  # bent knuckles are tight
    degrees[:, 0] = _sample_thumb_angles(rng, curl)
    return np.radians(np.clip(degrees, LIMITS_DEG[..., 0], LIMITS_DEG[..., 1]))


def _sample_curls(rng: np.random.Generator, count: int) -> Points:
    """Draw how far each finger but the thumb is closed, (N, 4), 0..1."""
    closed = rng.beta(8, 1.2, (count, 4))
    stretched = rng.beta(1.1, 8, (count, 4))
    common = rng.beta(1.1, 1.8, (count, 1)) + rng.normal(0, 0.12, (count, 4))
    own = rng.beta(1.0, 1.5, (count, 4))
    either = np.where(rng.random((count, 4)) < 0.5, closed, stretched)
    kinds = np.stack([stretched, closed, either, common, own])
    kind = rng.choice(5, count, p=[0.30, 0.06, 0.22, 0.26, 0.16])
    return np.clip(kinds[kind, np.arange(count)], 0, 1)


def _sample_thumb_angles(rng: np.random.Generator, curl: Points) -> Points:
    """Draw (N, 4) thumb angles, degrees, unclipped; the thumb covers closed fingers."""
    count = len(curl)
    own = rng.uniform(0, 1.2, count)
    over = np.where(rng.random(count) < 0.3, own, curl[:, :2].mean(1) + rng.normal(0, 0.3, count))
    over = np.clip(over, 0, 1)
    return np.stack(
        [
            rng.normal(46, 11, count) * (1 - over) + rng.normal(22, 14, count) * over,
            rng.normal(18, 12, count) * (1 - over) + rng.normal(36, 10, count) * over,
            rng.normal(10, 12, count) + 28 * over,
            rng.normal(8, 18, count) + rng.uniform(0, 50, count) * over,
        ],
        1,
    )


def measure_overlap(shape: HandShape, chains: Points) -> Points:
    """Return (N,) mm by which fingers overlap each other or the palm; chains (N, 5, 4, 3)."""
    radii = shape.radii_mm
    ends = np.concatenate([chains[:, :, 1:], (chains[:, :, 1:3] + chains[:, :, 2:]) / 2], 2)
    end_radii = np.concatenate([radii[:, 1:], (radii[:, 1:3] + radii[:, 2:]) / 2], 1)
    each = ends.reshape(len(chains), -1, 3)
    reach = end_radii.ravel()
    finger = np.repeat(np.arange(5), 5)
    apart = np.linalg.norm(each[:, :, None] - each[:, None], axis=-1)
    deep = np.where(finger[:, None] != finger, reach[:, None] + reach - apart, 0)
    knuckles = chains[:, 1:, 0]
    palm = np.concatenate([knuckles * share for share in (0.3, 0.55, 0.8)], 1)
    gap = np.linalg.norm(each[:, :, None] - palm[:, None], axis=-1)
    inside = reach[:, None] + 11 * shape.size * shape.thickness - gap
    inside[:, finger == 0] -= 6  # the thumb's own ball
    return np.maximum(deep.max((1, 2)), inside.max((1, 2)))
