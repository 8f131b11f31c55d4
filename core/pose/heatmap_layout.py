"""Where the tiles of a picture with heatmaps lie, and which of them a click means.

A composed picture is made for the width at which it is shown: no tile becomes too small to read.
Convention: pixels of the composed picture from its upper left corner; all sides are even, as video
wants them. J keypoints, the background's map being number J.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.pose.skeletons import Skeleton

VIEWS = ("single", "multi", "hm")
LEAST_TILE = 150  # px, of a keypoint's tile
LEAST_STAGE = 240  # px, of a stage's tile
_TALLEST = 0.75  # of the width, as a camera's picture: the stages' tiles shrink rather

JOINT, STAGE, TRACK, KEYPOINTS, PICTURE = "joint", "stage", "track", "keypoints", "picture"
ATTENTION = "attention"


@dataclass(frozen=True)
class Maps:
    """Which heatmaps are shown, where the estimator brings them.

    Attributes:
        view: "single" lays them over the picture; "multi" shows every stage, and what the net
            attends to, and "hm" every keypoint as a tile beside it.
        stage: from 0; None: the last, and nothing is laid over the picture.
        joint: 0 … J, J being the background; None: the strongest of all keypoints. "hm" shows its
            tile large.
        width: pixels, about as wide as the composed picture is shown.
        person: whose, by number, where people are told apart; while that one is away, the lowest
            number's. None: everybody's over the picture, the first one's as tiles.
    """

    view: str = "single"
    stage: int | None = None
    joint: int | None = None
    width: int = 960
    person: int | None = None


@dataclass(frozen=True)
class Tile:
    """A place in the composed picture.

    Attributes:
        kind: JOINT, STAGE, TRACK, ATTENTION, KEYPOINTS or PICTURE.
        number: of the joint, stage or attention, from 0.
    """

    kind: str
    number: int
    x: int
    y: int
    width: int
    height: int

    def holds(self, x: float, y: float) -> bool:
        """Whether the pixel lies in it."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@dataclass(frozen=True)
class Layout:
    """The tiles of a composed picture.

    Attributes:
        size_hw: of the picture.
    """

    size_hw: tuple[int, int]
    tiles: tuple[Tile, ...]

    def at(self, x: float, y: float) -> Tile | None:
        """The tile at a place, both in 0..1 of the picture's width and height."""
        height, width = self.size_hw
        return next((tile for tile in self.tiles if tile.holds(x * width, y * height)), None)


@dataclass(frozen=True)
class _Cell:
    """A tile in units of the grid's squares."""

    kind: str
    number: int
    column: int
    row: int
    columns: int = 1


def layout_of(maps: Maps, skeleton: Skeleton, stages: int, attentions: int = 0) -> Layout | None:
    """The tiles of a view; None where the picture is shown alone.

    Args:
        stages: of the net; 0: there is none, and nothing to show.
        attentions: how many things the net attends to.

    Raises:
        ValueError: another view.
    """
    if maps.view not in VIEWS:
        raise ValueError(f"no view {maps.view!r}, there are: {', '.join(VIEWS)}")
    if maps.view == "single" or stages == 0:
        return None
    if maps.view == "multi":
        return _stages(stages, attentions, maps.width)
    every = _keypoints(skeleton, maps.width)
    return every if maps.joint is None else _enlarged(every, skeleton, maps.joint)


def clicked(layout: Layout, x: float, y: float, joint: int | None) -> int | None:
    """The joint that is large after a click: the one whose tile was hit, none after a second
    click on it; a click beside the joints' tiles changes nothing.

    Args:
        x, y: 0..1 of the picture's width and height.
        joint: which one is large now.
    """
    tile = layout.at(x, y)
    if tile is None or tile.kind != JOINT:
        return joint
    return None if tile.number == joint else tile.number


# -------------------------------------------------------------------------------------- per stage


def _stages(stages: int, attentions: int, width: int) -> Layout:
    """The stages side by side, their track, what the net attends to, and the picture in what is
    left of the last row."""
    tiles = [(STAGE, stage) for stage in range(stages)] + [(TRACK, 0)]
    tiles += [(ATTENTION, number) for number in range(attentions)]
    most = max(1, width // LEAST_STAGE)
    low = (c for c in range(1, most + 1) if -(-(len(tiles) + 1) // c) / c <= _TALLEST)
    columns = next(low, most)
    cells = [_Cell(kind, n, i % columns, i // columns) for i, (kind, n) in enumerate(tiles)]
    row, column = divmod(len(tiles), columns)
    cells.append(_Cell(PICTURE, 0, column, row, columns - column))
    return _laid(cells, columns, width)


# ----------------------------------------------------------------------------------- per keypoint


def _keypoints(skeleton: Skeleton, width: int) -> Layout:
    """Fingers or limbs side by side or one above the other, whichever is the lowest picture."""
    most = max(1, width // LEAST_TILE)
    groups = list(skeleton.groups.values())
    loose = _loose(skeleton)
    grids = [(columns, _in_rows(groups, loose, columns)) for columns in range(1, most + 1)]
    if 1 < len(groups) <= most:
        grids.insert(0, (len(groups), _in_columns(groups, loose)))
    if len(groups) + 1 <= most:
        grids.insert(0, (len(groups) + 1, _beside_a_column(groups, loose)))
    layouts = [_laid(cells, columns, width) for columns, cells in grids]
    return min(layouts, key=lambda one: one.size_hw[0] / one.size_hw[1])


def _loose(skeleton: Skeleton) -> list[int]:
    """The joints of no group, the background as the last."""
    grouped = {joint for group in skeleton.groups.values() for joint in group}
    return [joint for joint in range(skeleton.size + 1) if joint not in grouped]


def _beside_a_column(groups: Sequence[Sequence[int]], loose: Sequence[int]) -> list[_Cell]:
    """Each group a column, base above; left of them the joints of none and the picture."""
    cells = [_Cell(JOINT, joint, 0, row) for row, joint in enumerate(loose[:-1])]
    rows = max(*map(len, groups), len(loose) + 1) if groups else len(loose) + 1
    cells.append(_Cell(PICTURE, 0, 0, len(loose) - 1))
    if len(loose) < rows - 1:
        cells.append(_Cell(KEYPOINTS, 0, 0, len(loose)))
    cells.append(_Cell(JOINT, loose[-1], 0, rows - 1))
    return [*cells, *_columns(groups, left=1, top=0)]


def _in_columns(groups: Sequence[Sequence[int]], loose: Sequence[int]) -> list[_Cell]:
    """Each group a column under a row of all else."""
    cells = list(_all_else(loose, len(groups)))
    return [*cells, *_columns(groups, left=0, top=cells[-1].row + 1)]


def _in_rows(groups: Sequence[Sequence[int]], loose: Sequence[int], columns: int) -> list[_Cell]:
    """All else in the first row; each group begins a row where it doesn't fit into the last, unless
    no row has room for one: then all follow each other."""
    cells = list(_all_else(loose, columns))
    fits = max(map(len, groups), default=0) <= columns
    place = cells[-1].row * columns + cells[-1].column + 1
    for number, group in enumerate(groups):
        column = place % columns
        if fits and column and (number == 0 or column + len(group) > columns):
            place += columns - column
        for joint in group:
            cells.append(_Cell(JOINT, joint, place % columns, place // columns))
            place += 1
    return cells


def _columns(groups: Sequence[Sequence[int]], left: int, top: int) -> Iterator[_Cell]:
    for column, group in enumerate(groups, left):
        yield from (_Cell(JOINT, joint, column, row) for row, joint in enumerate(group, top))


def _all_else(loose: Sequence[int], columns: int) -> Iterator[_Cell]:
    """The joints of no group, the picture as wide as fits, the keypoints, the background."""
    *joints, background = loose
    for i, joint in enumerate(joints):
        yield _Cell(JOINT, joint, i % columns, i // columns)
    row, column = divmod(len(joints), columns)
    span = max(1, columns - column - 2)
    yield _Cell(PICTURE, 0, column, row, span)
    place = row * columns + column + span
    yield _Cell(KEYPOINTS, 0, place % columns, place // columns)
    yield _Cell(JOINT, background, (place + 1) % columns, (place + 1) // columns)


def _laid(cells: Sequence[_Cell], columns: int, width: int) -> Layout:
    """The cells as squares of the largest even side that fits."""
    side = max(2, width // columns // 2 * 2)
    rows = 1 + max(cell.row for cell in cells)
    tiles = (
        Tile(c.kind, c.number, c.column * side, c.row * side, c.columns * side, side) for c in cells
    )
    return Layout((rows * side, columns * side), tuple(tiles))


# ------------------------------------------------------------------------------------ one enlarged


def _enlarged(every: Layout, skeleton: Skeleton, joint: int) -> Layout:
    """One joint as large as the picture of all is, beside the picture and its own group."""
    height, width = every.size_hw
    side = min(height, width)
    tiles = [Tile(JOINT, joint, 0, 0, side, side)]
    if width - side >= LEAST_TILE:
        tiles += _right_strip(side, width - side, height, _kin(skeleton, joint))
    elif height - side >= LEAST_TILE:
        tiles += _lower_strip(side, width, height - side, _kin(skeleton, joint))
    return Layout(every.size_hw, tuple(tiles))


def _kin(skeleton: Skeleton, joint: int) -> Sequence[int]:
    """The joint's group with itself; of one without, those without."""
    groups = (group for group in skeleton.groups.values() if joint in group)
    return next(groups, None) or _loose(skeleton)


def _right_strip(left: int, width: int, height: int, joints: Sequence[int]) -> list[Tile]:
    """A picture and under it as many joints as fit."""
    columns = width // LEAST_TILE
    side = width // columns // 2 * 2
    rows = min(-(-len(joints) // columns), (height - LEAST_TILE) // side)
    top = height - rows * side
    return [
        Tile(PICTURE, 0, left, 0, width, top),
        *_block(left, top, columns, side, joints[: rows * columns]),
    ]


def _lower_strip(top: int, width: int, height: int, joints: Sequence[int]) -> list[Tile]:
    """A picture and right of it as many joints as fit."""
    rows = height // LEAST_TILE
    side = height // rows // 2 * 2
    columns = min(-(-len(joints) // rows), (width - LEAST_TILE) // side)
    left = width - columns * side
    return [
        Tile(PICTURE, 0, 0, top, left, height),
        *_block(left, top, columns, side, joints[: rows * columns]),
    ]


def _block(left: int, top: int, columns: int, side: int, joints: Sequence[int]) -> Iterator[Tile]:
    for i, joint in enumerate(joints):
        row, column = divmod(i, columns)
        yield Tile(JOINT, joint, left + column * side, top + row * side, side, side)
