"""What a skeleton is: keypoints by name, the edges between them, which of them are left and right.

Convention: "left" is the person's own left. K keypoints.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import SkeletonError
from core.words import mark, words

Rgb = tuple[int, int, int]
Edge = tuple[int, int]
Groups = Mapping[str, tuple[int, ...]]
HAND, PAIR, BODY = mark("hand"), mark("pair of hands"), mark("body")
_TITLES = {HAND: words("hands"), PAIR: words("pairs of hands"), BODY: words("bodies")}
_THESE_KEYPOINTS = words("these keypoints")


@dataclass(frozen=True)
class Skeleton:
    """What is known of the K keypoints of a hand, a pair of hands or a body."""

    name: str  # kind and number of keypoints, "hand_21"
    title: str  # for people, "hand"
    joints: tuple[str, ...]
    edges: tuple[Edge, ...]  # (from, to) indices, drawn as lines
    colors: tuple[Rgb, ...]  # one RGB colour an edge
    # (left, right) indices that a mirrored view exchanges; none for one hand
    mirror_pairs: tuple[Edge, ...] = ()
    # fingers or limbs by name, each from the body outwards
    groups: Groups = field(default_factory=dict)
    root: tuple[int, ...] = (0,)  # the keypoints whose mean features start from
    # the keypoints whose sum, seen from the root, says where the pose points
    heading: tuple[int, ...] = ()
    # pairs whose longest distance is the unit; none: the keypoint farthest from the root
    scale: tuple[Edge, ...] = ()
    # of a hand, one keypoint at the thumb's side of the palm and one at the other; a left hand then
    # counts as a right one's mirror image; None for bodies
    sides: Edge | None = None
    # one per keypoint, of COCO's object keypoint similarity; none where unpublished
    oks_sigmas: tuple[float, ...] = ()
    traced: int = 0  # the keypoint whose way is drawn: the index finger's tip, the right wrist
    # of a pair of hands the left and the right one's skeleton, whose keypoints follow each other;
    # else none
    parts: tuple["Skeleton", ...] = ()

    @property
    def size(self) -> int:
        """Number of keypoints K."""
        return len(self.joints)

    @property
    def single(self) -> "Skeleton":
        """The skeleton of one hand of a pair; else itself."""
        return self.parts[0] if self.parts else self

    @property
    def number(self) -> int:
        """How many of `single` it is: 2 of a pair, else 1."""
        return len(self.parts) or 1

    @property
    def is_body(self) -> bool:
        """A person's, not a hand's."""
        return self.title == BODY

    @property
    def is_hand(self) -> bool:
        """One hand's, left or right."""
        return self.title == HAND

    @property
    def titles(self) -> str:
        """Several of them, for people: "hands", "bodies"."""
        return _TITLES.get(self.title, f"{self.title}s")

    @property
    def mirror_order(self) -> list[int]:
        """Return each keypoint's index after mirroring, which swaps left and right."""
        order = list(range(self.size))
        for left, right in self.mirror_pairs:
            order[left], order[right] = right, left
        return order

    def index(self, joint: str) -> int:
        """Return the index of the keypoint of that name."""
        return self.joints.index(joint)

    def check(self, joints: int, label: str = _THESE_KEYPOINTS) -> None:
        """Raise SkeletonError if `joints`, the number of keypoints, is not this skeleton's; its
        message calls them `label`."""
        if joints != self.size:
            raise SkeletonError(
                words(
                    "{label} have {count} keypoints, {skeleton} has {size}: use a project or "
                    "model made for them",
                    label=label,
                    count=joints,
                    skeleton=self.name,
                    size=self.size,
                )
            )


def edges_along(*joints: int) -> list[Edge]:
    """Return the edges that connect keypoints one after the other."""
    return list(itertools.pairwise(joints))


def to_css_color(color: Rgb) -> str:
    """Return a colour as “#rrggbb”."""
    return "#{:02x}{:02x}{:02x}".format(*color)
