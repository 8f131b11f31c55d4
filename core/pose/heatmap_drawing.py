"""Heatmaps to look at: over the video, stage beside stage, keypoint beside keypoint.

Convention: RGB in, a new RGB picture out. Colour says how strong a response is, from blue (0.1)
over green and yellow to red (1); where there is none, the picture shows.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from core.pose.boxes import to_region
from core.pose.drawing import draw_pose, label_plate
from core.pose.heatmaps import heatmap_keypoints
from core.pose.skeletons import HAND_21
from core.pose.types import Floats, Heatmaps, Picture, Pose

TILE = 192  # px, side of a tile
VIEWS = ("single", "multi", "hm")
_LEAST = 0.05  # weaker responses are not coloured
_STRENGTH = 0.8  # of the colour at a full response


def combined(heatmaps: Heatmaps, stage: int, joint: int | None = None) -> Floats:
    """One map (h, w): a joint's (0 … J, J being the background), or the strongest of all
    keypoints."""
    maps = heatmaps.maps[stage]
    return np.asarray(maps[:-1].max(axis=0) if joint is None else maps[joint], np.float32)


def colour_bar(width: int, height: int) -> Picture:
    """(height, width, 3): what the colours mean, from 0 at the left to 1 at the right."""
    ramp = np.repeat(np.linspace(0, 1, width, dtype=np.float32)[None], height, axis=0)
    return _coloured(ramp)


def over_picture(
    rgb: Picture, heatmaps: Sequence[Heatmaps], stage: int, joint: int | None = None
) -> Picture:
    """The picture with a stage's heatmaps laid over the squares that the net saw, and their frames.

    Args:
        stage: from 0; a stage that a net does not have means its last.
    """
    out = rgb.copy()
    for one in heatmaps:
        _lay_over(out, one, combined(one, min(stage, one.stages - 1), joint))
    return out


def _lay_over(out: Picture, heatmaps: Heatmaps, heatmap: Floats) -> None:
    x0, y0, side = heatmaps.region
    height, width = out.shape[:2]
    left, top = max(0, int(np.floor(x0))), max(0, int(np.floor(y0)))
    right, bottom = min(width, int(np.ceil(x0 + side))), min(height, int(np.ceil(y0 + side)))
    if right <= left or bottom <= top:
        return
    step = side / heatmap.shape[-1]
    # picture pixel → map cell, the inverse of Heatmaps.to_picture
    to_cell = np.array(
        [
            [1 / step, 0, (left - x0 - (step - 1) / 2) / step],
            [0, 1 / step, (top - y0 - (step - 1) / 2) / step],
        ],
        np.float32,
    )
    fine = cv2.warpAffine(
        heatmap,
        to_cell,
        (right - left, bottom - top),
        flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    space = out[top:bottom, left:right]
    space[:] = _blended(space, np.asarray(fine, np.float32))
    corner = (round(x0 + side) - 1, round(y0 + side) - 1)
    cv2.rectangle(out, (round(x0), round(y0)), corner, (255, 255, 255), 1, cv2.LINE_AA)


def mirrored(heatmaps: Heatmaps) -> Heatmaps:
    """As in a mirror: crop and maps turned over; good to look at, no longer to compute with."""
    crop = np.ascontiguousarray(heatmaps.crop[:, ::-1])
    return Heatmaps(np.ascontiguousarray(heatmaps.maps[..., ::-1]), heatmaps.region, crop)


def stage_tiles(heatmaps: Heatmaps, joint: int | None = None) -> list[Picture]:
    """Every stage's heatmaps over the crop, and last the keypoints that the last stage gives."""
    crop = _tile(heatmaps.crop)
    tiles = [
        _titled(_blended(crop, _enlarged(combined(heatmaps, stage, joint))), f"stage {stage + 1}")
        for stage in range(heatmaps.stages)
    ]
    return [*tiles, _titled(pose_tile(heatmaps), "keypoints")]


def pose_tile(heatmaps: Heatmaps, stage: int = -1) -> Picture:
    """The crop with the keypoints of a stage."""
    keypoints, values = heatmap_keypoints(heatmaps, stage)
    inside = to_region(keypoints, heatmaps.region, TILE)
    return draw_pose(_tile(heatmaps.crop), Pose(inside, np.clip(values, 0, 1)))


def keypoint_tiles(
    heatmaps: Heatmaps, stage: int, names: Sequence[str] = HAND_21.joints
) -> list[Picture]:
    """Every joint's map of a stage over the crop, and last the background's; keypoints that the
    names are not for have numbers."""
    crop = _tile(heatmaps.crop)
    joints = heatmaps.maps.shape[1] - 1
    called = names if len(names) == joints else [f"keypoint {i}" for i in range(joints)]
    titles = [*called, "background"]
    return [
        _titled(_blended(crop, _enlarged(heatmap)), title)
        for heatmap, title in zip(heatmaps.maps[stage], titles, strict=True)
    ]


def mosaic(tiles: Sequence[Picture], columns: int) -> Picture:
    """Tiles of one size side by side, row by row; what is left over is dark."""
    rows = -(-len(tiles) // columns)
    height, width = tiles[0].shape[:2]
    out = np.full((rows * height, columns * width, 3), 24, np.uint8)
    for i, tile in enumerate(tiles):
        y, x = divmod(i, columns)
        out[y * height : (y + 1) * height, x * width : (x + 1) * width] = tile
    return out


def _tile(crop: Picture) -> Picture:
    return np.asarray(cv2.resize(crop, (TILE, TILE), interpolation=cv2.INTER_LINEAR), np.uint8)


def _enlarged(heatmap: Floats) -> Floats:
    return np.asarray(cv2.resize(heatmap, (TILE, TILE), interpolation=cv2.INTER_LINEAR), np.float32)


def _titled(tile: Picture, title: str) -> Picture:
    plate = label_plate(title, "", 22)
    tile[: plate.shape[0], : min(plate.shape[1], tile.shape[1])] = plate[:, : tile.shape[1]]
    return tile


def _coloured(heatmap: Floats) -> Picture:
    level = (np.clip(heatmap, 0, 1) * 255).astype(np.uint8)
    bgr = cv2.applyColorMap(level, cv2.COLORMAP_TURBO)
    return np.ascontiguousarray(bgr[..., ::-1])


def _blended(rgb: Picture, heatmap: Floats) -> Picture:
    """The picture (H, W, 3) under a map of the same size; the stronger, the less shows through."""
    share = np.where(heatmap > _LEAST, np.sqrt(np.clip(heatmap, 0, 1)) * _STRENGTH, 0)[..., None]
    return np.asarray(rgb * (1 - share) + _coloured(heatmap) * share, np.uint8)


def with_maps(picture: Picture, heatmaps: Heatmaps | None, view: str, stage: int = -1) -> Picture:
    """The picture and beside it the maps of one hand, always of the same size for the same picture.

    Args:
        heatmaps: None where no hand was found: the place stays dark.
        view: "single" (the picture alone), "multi" (every stage) or "hm" (every joint's map).
        stage: of "hm".

    Raises:
        ValueError: another view.
    """
    if view not in VIEWS:
        raise ValueError(f"no view {view!r}, there are: {', '.join(VIEWS)}")
    if view == "single":
        return picture
    height, width = 2 * TILE, 2 * TILE if view == "multi" else 3 * TILE
    space = np.full((height, width, 3), 24, np.uint8)
    if heatmaps is not None:
        tiles = stage_tiles(heatmaps) if view == "multi" else keypoint_tiles(heatmaps, stage)
        columns = 6 if view == "hm" else 2 if len(tiles) <= 4 else 4
        side = width // columns
        small = [cv2.resize(tile, (side, side), interpolation=cv2.INTER_AREA) for tile in tiles]
        grid = mosaic([np.asarray(tile, np.uint8) for tile in small], columns)[:height]
        space[: grid.shape[0]] = grid
    width = 2 * round(picture.shape[1] * height / picture.shape[0] / 2)  # video wants even sides
    fitted = np.asarray(
        cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8
    )
    return np.concatenate([fitted, space], axis=1)
