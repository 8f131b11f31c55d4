"""The procedural hand: bones, thickness, joint positions for given angles, and skin.

Convention: a right hand's own frame: wrist in the origin, x to the little finger's side, y to the
fingertips, z out of the back, mm; a left hand is mirrored in x. Fingers from the thumb on. Angles:
bend at the knuckle, spread, bend of the second joint, of the third; of the thumb: radial abduction,
palmar abduction, bend of the second joint, of the third. Legend: N hands.
"""

from dataclasses import dataclass

import numpy as np

from core.depth.cameras import Points
from core.lab.renderer.solids import Solids

FINGERS = ("thumb", "index", "middle", "ring", "little")
# mean lengths of bones, mm: the thumb's metacarpal and phalanges, the fingers' phalanges, in X-ray
# pictures of 66 adults (Buryanov and Kotiuk 2010, Proportions of hand segments, Int. J. Morphol.
# 28, 755-758); beyond the last one they measured 4 mm of flesh, at the thumb 6
_BONES_MM = np.array(
    [
        [46.2, 31.6, 21.7],
        [39.8, 22.4, 15.8],
        [44.6, 26.3, 17.4],
        [41.4, 25.7, 17.3],
        [32.7, 18.1, 16.0],
    ]
)
_FLESH_MM, _TIP_DEPTH_MM = 4.0, 2.0  # beyond the last bone; how deep in it the tip's joint lies
# where a finger begins: the thumb's carpal joint, the knuckles
_BASES_MM = np.array([[-22, 24, -9], [-24, 92, -2], [-4, 95, 0], [14, 89, -2], [30, 80, -7]], float)
# half the thickness at a finger's joints and its tip
_RADII_MM = np.array(
    [
        [14.5, 11.5, 9.8, 7.8],
        [12.0, 9.3, 8.0, 6.9],
        [12.2, 9.5, 8.2, 7.1],
        [11.7, 9.0, 7.7, 6.7],
        [10.8, 8.0, 6.9, 6.0],
    ]
)
_YAW = np.radians([0, -5, 0, 5, 11])  # of stretched fingers without spread, to the little's side
_ROLL = np.radians([0, -4, 0, 7, 13])  # a bent finger's tip comes towards the wrist's middle
_SPREAD_SIDE = np.array([0, -1, 1, 1, 1])  # to which side spreading turns a finger
_THUMB_ROLL = np.radians(15)  # how far out of the palm's plane the thumb bends, adducted
_WEB = 0.3  # skin between the fingers reaches so far along their first phalanges

# what a palm, its pads and the arm add to the fingers' spheres: place and radius
_PALM_MM = {
    "carpus_radial": (-15, 12, -1, 13),
    "carpus_ulnar": (14, 10, -2, 13),
    "heel": (19, 24, -7, 13),
    "edge": (31, 58, -8, 11),
    "ball": (-21, 33, -12, 14),
    "wrist_radial": (-11, -4, 1, 17.5),
    "wrist_ulnar": (11, -4, 1, 17),
}
_ARM_MM, _ELBOW_MM = 255.0, (-7, 7, 37)  # forearm's length; its end's two sides in x, radius
# Beside the 21 joints: two points of the wrist and one of the palm, where NYU's labels have them.
# In those of its first person the wrist's are 35 mm from each other and 81 mm from the palm's; the
# middles of the spheres on which the second joints move, the knuckles, are 31 mm beyond that
_MARKS_MM = np.array([[-15, 0, 4], [15, 0, 4], [-1, 67, 4]], float)
MARKS = ("wrist_radial", "wrist_ulnar", "palm")


@dataclass(frozen=True, eq=False)
class HandShape:
    """Proportions of one person's hand, as factors of the mean hand."""

    size: float = 1.0  # of all lengths
    width: float = 1.0  # of the palm's breadth, on top of size
    thickness: float = 1.0  # of every radius, on top of size
    bones: Points | float = 1.0  # (5, 3) of each bone, on top of size
    fatness: float = 1.0  # of the forearm's radius, on top of size

    @property
    def bones_mm(self) -> Points:
        """(5, 3) lengths of the bones."""
        return _BONES_MM * self.bones * self.size

    @property
    def radii_mm(self) -> Points:
        """(5, 4) half the thickness at each joint of each finger."""
        return _RADII_MM * self.size * self.thickness

    def scale_palm_points(self, points: Points) -> Points:
        """Scale (…, 3) points of the mean palm to this hand."""
        return points * self.size * np.array([self.width, 1.0, 1.0])


def sample_hand_shape(rng: np.random.Generator) -> HandShape:
    """Draw random hand proportions; hands are 160 to 225 mm long."""
    return HandShape(
        size=float(np.clip(rng.normal(1.0, 0.1), 0.8, 1.22)),
        width=float(np.clip(rng.normal(1.02, 0.07), 0.86, 1.18)),
        thickness=float(np.clip(rng.normal(1.0, 0.07), 0.84, 1.18)),
        bones=1 + np.clip(rng.normal(0, 0.035, (5, 3)), -0.09, 0.09),
        fatness=float(rng.uniform(0.85, 1.5)),  # sleeves, too
    )


def compute_finger_chains(shape: HandShape, angles: Points) -> Points:
    """Compute base, joints and tip of each finger, (N, 5, 4, 3) mm, from angles (N, 5, 4)."""
    along, across = _compute_bending_planes(angles)
    bends = np.cumsum(angles[..., (0, 2, 3)], -1)
    bends[:, 0] -= angles[:, 0, :1]  # the thumb's first angle turns its plane
    turned = bends[..., None]
    directions = np.cos(turned) * along[:, :, None] + np.sin(turned) * across[:, :, None]
    lengths = shape.bones_mm + np.array([0, 0, _TIP_DEPTH_MM]) * shape.size
    steps = np.cumsum(directions * lengths[..., None], 2)
    bases = np.broadcast_to(shape.scale_palm_points(_BASES_MM)[:, None], (*steps.shape[:2], 1, 3))
    return np.concatenate([bases, bases + steps], 2)


def _compute_bending_planes(angles: Points) -> tuple[Points, Points]:
    """Compute (N, 5, 3) unit vectors: along a straight finger, and its bending direction."""
    turn = _YAW + _SPREAD_SIDE * angles[..., 1]
    turn[:, 0] = -angles[:, 0, 0]
    rise = np.zeros_like(turn)
    rise[:, 0] = angles[:, 0, 1]
    along = np.stack([np.sin(turn) * np.cos(rise), np.cos(turn) * np.cos(rise), -np.sin(rise)], -1)
    roll = np.broadcast_to(_ROLL, turn.shape).copy()
    roll[:, 0] = np.pi / 2 - _THUMB_ROLL - 0.5 * angles[:, 0, 1]
    sign = np.array([1, -1, -1, -1, -1])  # the thumb bends to the little finger's side
    across = np.stack([sign * np.sin(roll), np.zeros_like(roll), -np.cos(roll)], -1)
    across = across - (across * along).sum(-1, keepdims=True) * along
    return along, across / np.linalg.norm(across, axis=-1, keepdims=True)


def collect_keypoints(shape: HandShape, chains: Points) -> Points:
    """Return (24, 3) mm in the hand's frame: hand_21, then `MARKS`. Chains: (5, 4, 3)."""
    marks = shape.scale_palm_points(_MARKS_MM)
    return np.concatenate([np.zeros((1, 3)), chains.reshape(20, 3), marks])


_NAMES = [f"{finger}_{joint}" for finger in FINGERS for joint in range(4)]
_NAMES += [f"{finger}_web" for finger in FINGERS[1:]]
_NAMES += [*_PALM_MM, "elbow_radial", "elbow_ulnar"]
_NAMES += ["fold_carpus", "fold_thumb", "fold_index"]  # the skin between thumb and index finger
_CHAINS = [(f"{f}_{i}", f"{f}_{i + 1}") for f in FINGERS for i in range(3)]
_WRAPPED = """
index_0-middle_0 middle_0-ring_0 ring_0-little_0 carpus_radial-carpus_ulnar carpus_radial-index_0
carpus_radial-middle_0 carpus_ulnar-middle_0 carpus_ulnar-ring_0 carpus_ulnar-little_0
index_web-middle_web middle_web-ring_web ring_web-little_web
carpus_radial-thumb_0 thumb_0-ball ball-thumb_1 fold_thumb-fold_index fold_carpus-fold_thumb
carpus_ulnar-heel heel-edge edge-little_0 wrist_radial-carpus_radial wrist_ulnar-carpus_ulnar
wrist_radial-wrist_ulnar wrist_radial-elbow_radial wrist_ulnar-elbow_ulnar elbow_radial-elbow_ulnar
wrist_radial-thumb_0
index_0-middle_0-carpus_radial middle_0-carpus_radial-carpus_ulnar middle_0-ring_0-carpus_ulnar
ring_0-little_0-carpus_ulnar little_0-edge-carpus_ulnar edge-heel-carpus_ulnar
index_0-middle_0-index_web middle_0-index_web-middle_web middle_0-ring_0-middle_web
ring_0-middle_web-ring_web ring_0-little_0-ring_web little_0-ring_web-little_web
fold_carpus-fold_thumb-fold_index wrist_radial-wrist_ulnar-carpus_ulnar
wrist_radial-carpus_radial-carpus_ulnar wrist_radial-thumb_0-carpus_radial
wrist_radial-wrist_ulnar-elbow_ulnar wrist_radial-elbow_radial-elbow_ulnar
"""
_GROUPS = [*_CHAINS, *(tuple(word.split("-")) for word in _WRAPPED.split())]
_CONES = np.array([[_NAMES.index(n) for n in group] for group in _GROUPS if len(group) == 2])
_FACES = np.array([[_NAMES.index(n) for n in group] for group in _GROUPS if len(group) == 3])


def build_hand_solids(shape: HandShape, chains: Points, arm: tuple[float, float]) -> Solids:
    """Build the spheres, cones and faces of a hand and its forearm in the hand's frame, from its
    chains (5, 4, 3) and the wrist angles of `sample_wrist_angles`."""
    scale = shape.size * shape.thickness
    fingers = chains.copy()
    last = fingers[:, 3] - fingers[:, 2]
    last /= np.linalg.norm(last, axis=1, keepdims=True)
    back = (_FLESH_MM - _TIP_DEPTH_MM) * shape.size - shape.radii_mm[:, 3:]
    fingers[:, 3] += last * back  # the last sphere ends where the flesh does
    webs = chains[1:, 0] + _WEB * (chains[1:, 1] - chains[1:, 0])
    web_radii = shape.radii_mm[1:, 1] * 0.85
    palm = np.array(list(_PALM_MM.values()))
    elbow, elbow_radii = _place_elbow(shape, arm)
    fold = np.array([shape.scale_palm_points(palm[0, :3]), chains[0, 1], chains[1, 0]])
    return Solids(
        np.concatenate(
            [fingers.reshape(20, 3), webs, shape.scale_palm_points(palm[:, :3]), elbow, fold]
        ),
        np.concatenate(
            [
                shape.radii_mm.ravel(),
                web_radii,
                palm[:, 3] * scale,
                elbow_radii,
                np.array([11, 7.5, 8.5]) * scale,
            ]
        ),
        _CONES,
        _FACES,
    )


def _place_elbow(shape: HandShape, arm: tuple[float, float]) -> tuple[Points, Points]:
    """Return centres (2, 3) and radii (2,) of the two spheres at the forearm's elbow end."""
    bend, turn = arm
    away = np.array([np.sin(turn), -np.cos(turn) * np.cos(bend), -np.cos(turn) * np.sin(bend)])
    side = np.array([np.cos(turn), np.sin(turn), 0.0])
    radius = _ELBOW_MM[2] * shape.size * shape.fatness
    end = away * (_ARM_MM * shape.size)
    return end + np.outer(np.array(_ELBOW_MM[:2]) * shape.size, side), np.array([radius, radius])
