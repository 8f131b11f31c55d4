"""Where the tiles of a picture with heatmaps lie, and which of them a click means.

A composed picture is made for the width at which it is shown: no tile becomes too small to read.
Convention: pixels of the composed picture from its upper left corner; all sides are even, as video
wants them. J keypoints, the background's map being number J.
"""

import math
from dataclasses import dataclass
from itertools import product

from core.pose.skeletons.table import Skeleton

VIEWS = ("single", "multi", "hm")
LEAST_TILE = 150  # px, of a keypoint's tile
LEAST_STAGE = 240  # px, of a stage's tile
_TALLEST = 0.75  # of the width, as a camera's picture: the tiles shrink rather

JOINT, STAGE, TRACK, KEYPOINTS, PICTURE = "joint", "stage", "track", "keypoints", "picture"
ATTENTION = "attention"


@dataclass(frozen=True)
class Maps:
    """Which heatmaps are shown, where the estimator brings them."""

    # "single" lays them over the picture; "multi" shows every stage, and what the net attends to,
    # and "hm" every keypoint as a tile beside it
    view: str = "single"
    stage: int | None = None  # from 0; None: the last, and nothing is laid over the picture
    # 0 … J, J being the background; None: the strongest of all keypoints; "hm" shows its tile large
    joint: int | None = None
    width: int = 960  # pixels, about as wide as the composed picture is shown
    # whose, by number, where people are told apart; while that one is away, the lowest number's;
    # None: everybody's over the picture, the first one's as tiles
    person: int | None = None


@dataclass(frozen=True)
class Tile:
    """A place in the composed picture."""

    kind: str  # JOINT, STAGE, TRACK, ATTENTION, KEYPOINTS or PICTURE
    number: int  # of the joint, stage or attention, from 0
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Layout:
    """The tiles of a composed picture of `size_hw`."""

    size_hw: tuple[int, int]
    tiles: tuple[Tile, ...]

    def at(self, x: float, y: float) -> Tile | None:
        """Return the tile at a position, given as fractions of the picture's width and height."""
        px, py = x * self.size_hw[1], y * self.size_hw[0]
        for tile in self.tiles:
            if 0 <= px - tile.x < tile.width and 0 <= py - tile.y < tile.height:
                return tile
        return None


@dataclass(frozen=True)
class _Grid:
    """Equal squares, `side` pixels wide and high."""

    columns: int
    rows: int
    side: int

    @staticmethod
    def for_tiles(count: int, min_side: int, width: int) -> "_Grid":
        """Choose the fewest columns for which the picture's height is at most 3/4 of its width; if
        there are none, as many columns of at least `min_side` pixels as fit."""
        most = max(1, width // min_side)
        low = (c for c in range(1, most + 1) if math.ceil(count / c) / c <= _TALLEST)
        return _Grid.with_columns(next(low, most), count, width)

    @staticmethod
    def with_columns(columns: int, count: int, width: int) -> "_Grid":
        """Make the squares as large as fit, of an even side."""
        return _Grid(columns, math.ceil(count / columns), max(2, width // columns // 2 * 2))

    def tile(self, kind: str, number: int, column: int, row: int, span: int = 1) -> Tile:
        """Return the tile from this column and row on, `span` squares wide and high."""
        side = self.side
        return Tile(kind, number, column * side, row * side, span * side, span * side)

    def layout(self, tiles: list[Tile]) -> Layout:
        """Lay out these tiles in the grid's picture."""
        return Layout((self.rows * self.side, self.columns * self.side), tuple(tiles))


def layout_tiles(maps: Maps, skeleton: Skeleton, stages: int, attentions: int = 0) -> Layout | None:
    """Compute the tiles' positions: a net's stages and attention maps, or every keypoint, with the
    picture. Return None for "single" or no stages; raise ValueError for an unknown view."""
    if maps.view not in VIEWS:
        raise ValueError(f"no view {maps.view!r}, there are: {', '.join(VIEWS)}")
    if maps.view == "single" or stages == 0:
        return None
    if maps.view == "multi":
        return _lay_out_stages(stages, attentions, maps.width)
    count = skeleton.size + 3  # with the background, the picture and all keypoints
    rows = _Grid.for_tiles(count, LEAST_TILE, maps.width).rows
    grid = _Grid.with_columns(math.ceil(count / rows), count, maps.width)  # no column stays empty
    if maps.joint is None:
        return _lay_out_keypoints(grid, skeleton)
    return _enlarge_keypoint(grid, skeleton, maps.joint)


def enlarged_keypoint_after_click(
    layout: Layout, x: float, y: float, joint: int | None
) -> int | None:
    """Return the joint to enlarge after a click at x, y, 0..1 of the picture: the clicked tile's
    joint, or None if it is enlarged already. A click elsewhere returns `joint`."""
    tile = layout.at(x, y)
    if tile is None or tile.kind != JOINT:
        return joint
    return None if tile.number == joint else tile.number


def _lay_out_stages(stages: int, attentions: int, width: int) -> Layout:
    """Place the tiles of the stages, their track and the attention maps row by row; the picture
    fills the rest of the last row."""
    items = [(STAGE, stage) for stage in range(stages)] + [(TRACK, 0)]
    items += [(ATTENTION, number) for number in range(attentions)]
    grid = _Grid.for_tiles(len(items) + 1, LEAST_STAGE, width)
    tiles = []
    for i, (kind, number) in enumerate(items):
        row, column = divmod(i, grid.columns)
        tiles.append(grid.tile(kind, number, column, row))
    row, column = divmod(len(items), grid.columns)
    x, y = column * grid.side, row * grid.side
    tiles.append(Tile(PICTURE, 0, x, y, grid.columns * grid.side - x, grid.side))
    return grid.layout(tiles)


def _lay_out_keypoints(grid: _Grid, skeleton: Skeleton) -> Layout:
    """Place one tile per joint in this order: ungrouped joints, picture, all keypoints, background,
    each finger or limb along the grid's shorter side."""
    *loose, background = _list_ungrouped_joints(skeleton)
    items = [(JOINT, joint) for joint in loose]
    items += [(PICTURE, 0), (KEYPOINTS, 0), (JOINT, background)]
    items += [(JOINT, joint) for group in skeleton.groups.values() for joint in group]
    tiles = []
    for i, (kind, number) in enumerate(items):
        row, column = divmod(i, grid.columns)
        if grid.columns > grid.rows:
            column, row = divmod(i, grid.rows)
        tiles.append(grid.tile(kind, number, column, row))
    return grid.layout(tiles)


def _enlarge_keypoint(grid: _Grid, skeleton: Skeleton, joint: int) -> Layout:
    """Place one joint's tile as the largest square in the upper left corner; fill the rest with the
    picture and the other joints of its finger or limb, as many as fit."""
    large = min(grid.columns, grid.rows)
    free = min(large, max(grid.columns, grid.rows) - large)
    tiles = [grid.tile(JOINT, joint, 0, 0, large)]
    if not free:
        return grid.layout(tiles)
    left, top = (large, 0) if grid.columns > grid.rows else (0, large)
    tiles.append(grid.tile(PICTURE, 0, left, top, free))
    taken = {*product(range(large), repeat=2)}
    taken |= {*product(range(left, left + free), range(top, top + free))}
    cells = ((column, row) for row, column in product(range(grid.rows), range(grid.columns)))
    empty = [cell for cell in cells if cell not in taken]
    groups = (group for group in skeleton.groups.values() if joint in group)
    neighbours = next(groups, _list_ungrouped_joints(skeleton))
    for (column, row), neighbour in zip(empty, neighbours, strict=False):
        tiles.append(grid.tile(JOINT, neighbour, column, row))
    return grid.layout(tiles)


def _list_ungrouped_joints(skeleton: Skeleton) -> list[int]:
    """Return the joints of no group, the background last."""
    grouped = {joint for group in skeleton.groups.values() for joint in group}
    return [joint for joint in range(skeleton.size + 1) if joint not in grouped]
