"""Skeletons: joints by name, bones between them, colours to draw them in.

Convention: the hand's joint order is MediaPipe's, which is OpenPose's too.
"""

from dataclasses import dataclass

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Skeleton:
    """Joints in order, bones as (from, to) joint indices with one RGB colour each."""

    name: str
    joints: tuple[str, ...]
    bones: tuple[tuple[int, int], ...]
    colors: tuple[Rgb, ...]

    @property
    def size(self) -> int:
        """Number of joints K."""
        return len(self.joints)


_FINGERS = ("thumb", "index", "middle", "ring", "little")
_THUMB_PARTS = ("cmc", "mcp", "ip", "tip")
_FINGER_PARTS = ("mcp", "pip", "dip", "tip")
_FINGER_COLORS: tuple[Rgb, ...] = (
    (230, 90, 70),
    (240, 180, 50),
    (90, 190, 110),
    (70, 140, 230),
    (170, 100, 220),
)


def _hand() -> Skeleton:
    joints = ["wrist"]
    bones: list[tuple[int, int]] = []
    colors: list[Rgb] = []
    for f, finger in enumerate(_FINGERS):
        base = 1 + 4 * f
        joints += [f"{finger}_{p}" for p in (_THUMB_PARTS if f == 0 else _FINGER_PARTS)]
        bones += [(0, base), (base, base + 1), (base + 1, base + 2), (base + 2, base + 3)]
        colors += [_FINGER_COLORS[f]] * 4
    return Skeleton("hand", tuple(joints), tuple(bones), tuple(colors))


HAND = _hand()
