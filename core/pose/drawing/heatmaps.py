"""Heatmaps to look at: over the picture, stage beside stage, keypoint beside keypoint.

Convention: RGB in, a new RGB picture out. Colour says how strong a response is, from blue (0.1)
over green and yellow to red (1); where there is none, the picture shows.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.pose.boxes import Box, map_to_box
from core.pose.drawing.heatmap_layout import (
    ATTENTION,
    JOINT,
    KEYPOINTS,
    PICTURE,
    STAGE,
    Layout,
    Maps,
    Tile,
    layout_tiles,
)
from core.pose.drawing.poses import draw_estimate, draw_pose, render_label
from core.pose.heatmaps import heatmap_keypoints
from core.pose.skeletons.skeleton import Rgb
from core.pose.skeletons.table import Skeleton, skeleton_named
from core.pose.types import Estimate, Floats, Heatmaps, Picture, Pose

Levels = NDArray[np.uint8]  # responses from 0 to 1 as 0..255

TITLE = 26  # px, height of a tile's title; its letters are half as high
_MIN_RESPONSE = 0.05  # weaker ones are not coloured
_STRENGTH = 0.8  # of the colour at a full response
_DARK = 24
_GAP = 2  # px between tiles
_STRIPE = 4  # px of a group's colour above its tiles
_DOT = 10  # px, radius of a track's numbered dots


def combine_maps(heatmaps: Heatmaps, stage: int, joint: int | None = None) -> Floats:
    """Return a keypoint's map (h, w), J being the background, or the maximum over keypoints."""
    maps = heatmaps.maps[stage]
    return np.asarray(maps[:-1].max(axis=0) if joint is None else maps[joint], np.float32)


def draw_colour_bar(width: int, height: int) -> Picture:
    """Draw the colour scale, (height, width, 3), from 0 at the left to 1 at the right."""
    ramp = np.repeat(np.linspace(0, 1, width, dtype=np.float32)[None], height, axis=0)
    return _apply_colours(_to_levels(ramp))


def overlay_heatmaps(
    rgb: Picture, heatmaps: Sequence[Heatmaps], stage: int, joint: int | None = None
) -> Picture:
    """Draw a stage's heatmaps, or the last stage's, with frames over the regions of the picture
    that they cover: one joint's map, or the maximum over all joints."""
    out = rgb.copy()
    for one in heatmaps:
        _overlay_map(out, one, combine_maps(one, min(stage, one.stages - 1), joint))
    return out


def draw_attention(heatmaps: Heatmaps, joint: int | None = None) -> list[tuple[str, Picture]]:
    """Draw each attention map over the net's crop; return (name, picture) pairs. If there is a map
    per keypoint, draw the joint's map, or the maximum over all joints."""
    return [
        (name, _overlay_on_crop(heatmaps.crop, _attention_map(units, joint)))
        for name, units in heatmaps.attention.items()
    ]


def _attention_map(units: Floats, joint: int | None) -> Floats:
    """Return a keypoint's attention map, or the maximum over all, (h', w')."""
    every = joint is None or joint >= len(units)
    return np.asarray(units.max(axis=0) if every else units[joint], np.float32)


def _overlay_map(out: Picture, heatmaps: Heatmaps, heatmap: Floats) -> None:
    """Blend a heatmap with a white frame into its region of the picture, in place."""
    x0, y0, x1, y1 = heatmaps.region
    height, width = out.shape[:2]
    left, top = max(0, int(np.floor(x0))), max(0, int(np.floor(y0)))
    right, bottom = min(width, int(np.ceil(x1))), min(height, int(np.ceil(y1)))
    if right <= left or bottom <= top:
        return
    step_x, step_y = (x1 - x0) / heatmap.shape[1], (y1 - y0) / heatmap.shape[0]
    # picture pixel → map cell, the inverse of Heatmaps.to_picture
    shift_x, shift_y = left - x0 - (step_x - 1) / 2, top - y0 - (step_y - 1) / 2
    to_cell = np.array([[1, 0, shift_x], [0, 1, shift_y]]) / [[step_x], [step_y]]
    fine = cv2.warpAffine(
        heatmap,
        to_cell,
        (right - left, bottom - top),
        flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    space = out[top:bottom, left:right]
    space[:] = _blend_map(space, _to_levels(np.asarray(fine, np.float32)))
    corner = (round(x1) - 1, round(y1) - 1)
    cv2.rectangle(out, (round(x0), round(y0)), corner, (255, 255, 255), 1, cv2.LINE_AA)


def mirror_heatmaps(heatmaps: Heatmaps) -> Heatmaps:
    """Mirror crop, heatmaps and attention maps for display; the region doesn't change."""
    crop = np.ascontiguousarray(heatmaps.crop[:, ::-1])
    attention = {n: np.ascontiguousarray(a[..., ::-1]) for n, a in heatmaps.attention.items()}
    maps = np.ascontiguousarray(heatmaps.maps[..., ::-1])
    return replace(heatmaps, maps=maps, crop=crop, attention=attention)


def enlarge_for_drawing(
    rgb: Picture, estimate: Estimate, factor: float
) -> tuple[Picture, Estimate]:
    """Scale up picture, keypoints and heatmap regions, so that drawings have finer detail."""
    if factor == 1:
        return rgb, estimate
    height, width = round(rgb.shape[0] * factor), round(rgb.shape[1] * factor)
    larger = np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    shift = (factor - 1) / 2  # a pixel's centre is at an integer
    poses = tuple(replace(p, keypoints=p.keypoints * factor + shift) for p in estimate.poses)
    heatmaps = tuple(
        replace(one, region=Box(*(factor * number for number in one.region)))  # from the corner
        for one in estimate.heatmaps
    )
    return larger, replace(estimate, poses=poses, heatmaps=heatmaps, size_hw=(height, width))


def draw_with_heatmaps(
    rgb: Picture,
    estimate: Estimate,
    maps: Maps,
    stages: int,
    *,
    attention_names: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    emoji: Sequence[str] | None = None,
    mirror: bool = False,
) -> Picture:
    """Draw poses as `draw_estimate` does, with their heatmaps: over the picture, or the first
    pose's heatmaps as tiles beside it.

    Args:
        stages: of the net; with 0 there are no heatmaps.
        attention_names: of the net's attention maps, for their tiles while nobody is detected;
            None: those of the heatmaps.
    """
    estimate = select_person_maps(estimate, maps.person)
    if maps.view == "single" and maps.stage is not None and estimate.heatmaps:
        rgb = overlay_heatmaps(rgb, estimate.heatmaps, maps.stage, maps.joint)
    picture = draw_estimate(rgb, estimate, labels=labels, emoji=emoji, mirror=mirror)
    first = next(iter(estimate.heatmaps), None)
    skeleton = _map_skeleton(estimate, first)
    if attention_names is None:
        attention_names = tuple(first.attention) if first else ()
    layout = layout_tiles(maps, skeleton, stages, len(attention_names))
    if layout is None:
        return picture
    shown = mirror_heatmaps(first) if first and mirror else first
    return _draw_tiles(picture, shown, layout, maps, skeleton, attention_names)


def select_person_maps(estimate: Estimate, person: int | None) -> Estimate:
    """Keep only the heatmaps of the person with this number, or with the lowest number if that
    person isn't in the picture. If `person` is None, return the estimate unchanged."""
    numbers = estimate.numbers
    if person is None or not numbers or not estimate.heatmaps:
        return estimate
    chosen = numbers.index(person if person in numbers else min(numbers))
    return replace(estimate, heatmaps=estimate.heatmaps[chosen : chosen + 1])


def _map_skeleton(estimate: Estimate, heatmaps: Heatmaps | None) -> Skeleton:
    """Return the poses' skeleton, or numbered keypoints if the heatmaps' count differs."""
    skeleton = skeleton_named(estimate.skeleton)
    joints = skeleton.size if heatmaps is None else heatmaps.maps.shape[1] - 1
    if joints == skeleton.size:
        return skeleton
    return Skeleton("", "", tuple(f"keypoint {i}" for i in range(joints)), (), ())


def _draw_tiles(
    picture: Picture,
    heatmaps: Heatmaps | None,
    layout: Layout,
    maps: Maps,
    skeleton: Skeleton,
    attention_names: Sequence[str],
) -> Picture:
    """Draw the picture and one pose's heatmaps as titled tiles, placed by the layout; if there are
    no heatmaps, the tiles are dark."""
    out = np.full((*layout.size_hw, 3), _DARK, np.uint8)
    for tile in layout.tiles:
        space = out[tile.y : tile.y + tile.height - _GAP, tile.x : tile.x + tile.width - _GAP]
        if tile.kind == PICTURE:
            _paste_letterboxed(space, picture)
            continue
        if heatmaps is not None:
            size_wh = _crop_size(heatmaps, space.shape[0])[::-1]
            crop = np.asarray(cv2.resize(heatmaps.crop, size_wh), np.uint8)
            _paste_centred(space, _draw_tile(tile, crop, heatmaps, maps, skeleton))
        _draw_title(space, tile, skeleton, attention_names)
    return out


def _draw_tile(
    tile: Tile, crop: Picture, heatmaps: Heatmaps, maps: Maps, skeleton: Skeleton
) -> Picture:
    """Draw a tile by its kind over the crop: heatmap, attention map, keypoints or track."""
    last = heatmaps.stages - 1
    stage = last if maps.stage is None else min(maps.stage, last)
    if tile.kind == JOINT:
        return _overlay_on_crop(crop, combine_maps(heatmaps, stage, tile.number))
    if tile.kind == STAGE:
        return _overlay_on_crop(crop, combine_maps(heatmaps, tile.number, maps.joint))
    if tile.kind == ATTENTION:
        units = list(heatmaps.attention.values())[tile.number]
        return _overlay_on_crop(crop, _attention_map(units, maps.joint))
    if tile.kind == KEYPOINTS:
        inside, values = _keypoints_in_crop(heatmaps, stage, max(crop.shape[:2]))
        return draw_pose(crop, Pose(inside, np.clip(values, 0, 1)), skeleton)
    return _draw_track(crop, heatmaps, tracked_keypoints(skeleton, maps.joint), skeleton)


def _keypoints_in_crop(heatmaps: Heatmaps, stage: int, side: int) -> tuple[Floats, Floats]:
    """Decode a stage's keypoints in pixels of the crop at that size, and their values."""
    keypoints, values = heatmap_keypoints(heatmaps, stage)
    return map_to_box(keypoints, heatmaps.region, _crop_size(heatmaps, side)), values


def _crop_size(heatmaps: Heatmaps, side: int) -> tuple[int, int]:
    """Return the crop's (H, W) scaled to a longer side of `side` pixels."""
    height, width = heatmaps.crop.shape[:2]
    longer = max(height, width)
    return max(1, round(side * height / longer)), max(1, round(side * width / longer))


def _overlay_on_crop(crop: Picture, heatmap: Floats) -> Picture:
    size_wh = (crop.shape[1], crop.shape[0])
    fine = cv2.resize(_to_levels(heatmap), size_wh, interpolation=cv2.INTER_LINEAR)
    return _blend_map(crop, np.asarray(fine, np.uint8))


def tracked_keypoints(skeleton: Skeleton, joint: int | None) -> tuple[int, ...]:
    """Return the keypoints whose peaks are tracked from stage to stage: the chosen joint, or the
    tip of every finger or limb; () for the background."""
    if joint is None:
        return tuple(group[-1] for group in skeleton.groups.values())
    return (joint,) if joint < skeleton.size else ()


def stage_tracks(heatmaps: Heatmaps, joints: Sequence[int], side: int) -> Floats:
    """Return the joints' peaks in every stage, (S, len(joints), 2), in pixels of the crop scaled to
    a longer side of `side`; NaN for weak peaks."""
    points = np.full((heatmaps.stages, len(joints), 2), np.nan, np.float32)
    for stage in range(heatmaps.stages):
        inside, values = _keypoints_in_crop(heatmaps, stage, side)
        seen = values[list(joints)] > _MIN_RESPONSE
        points[stage, seen] = inside[list(joints)][seen]
    return points


def _draw_track(
    crop: Picture, heatmaps: Heatmaps, joints: Sequence[int], skeleton: Skeleton
) -> Picture:
    """Draw on the crop each joint's path through its peaks, with a numbered dot per stage."""
    out = crop.copy()
    tracks = stage_tracks(heatmaps, joints, max(crop.shape[:2])).swapaxes(0, 1)
    for joint, points in zip(joints, tracks, strict=True):
        seen = np.isfinite(points).all(axis=1)
        color = _choose_keypoint_color(skeleton, joint)
        way = np.round(points[seen]).astype(np.int32)
        cv2.polylines(out, [way], False, color, 2, cv2.LINE_AA)
        for number, (x, y) in zip(np.flatnonzero(seen) + 1, way.tolist(), strict=True):
            _draw_dot(out, (x, y), str(number), color)
    return out


def _draw_dot(out: Picture, centre: tuple[int, int], text: str, color: Rgb) -> None:
    """Draw a filled dot with a white outline and a text in its centre."""
    cv2.circle(out, centre, _DOT, color, -1, cv2.LINE_AA)
    cv2.circle(out, centre, _DOT, (255, 255, 255), 1, cv2.LINE_AA)
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    start = (centre[0] - width // 2, centre[1] + height // 2)
    cv2.putText(out, text, start, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)


def _draw_title(
    space: Picture, tile: Tile, skeleton: Skeleton, attention_names: Sequence[str]
) -> None:
    """Draw a tile's title in its lower left corner, and a stripe in the colour of a joint's finger
    or limb at its top."""
    title = render_label(tile_title(tile, skeleton, attention_names), "", TITLE)
    plate = title[:, : space.shape[1]]
    space[-TITLE:, : plate.shape[1]] = plate
    if tile.kind == JOINT:
        space[:_STRIPE] = _choose_keypoint_color(skeleton, tile.number)


def tile_title(tile: Tile, skeleton: Skeleton, attention_names: Sequence[str] = ()) -> str:
    """Return a tile's title: the name of its joint or attention map, "stage N", or its kind."""
    if tile.kind == JOINT:
        names = (*skeleton.joints, "background")
        return names[tile.number].replace("_", " ")
    if tile.kind == ATTENTION:
        return attention_names[tile.number].replace("_", " ")
    return f"stage {tile.number + 1}" if tile.kind == STAGE else tile.kind


def _choose_keypoint_color(skeleton: Skeleton, joint: int) -> Rgb:
    """Return the colour of the edge that ends at a joint; light grey where none does."""
    edges = zip(skeleton.edges, skeleton.colors, strict=True)
    return next((color for edge, color in edges if edge[1] == joint), (210, 210, 210))


def _paste_letterboxed(space: Picture, picture: Picture) -> None:
    """Scale the picture to fit a space, keeping its aspect ratio, and paste it into the centre."""
    height, width = picture.shape[:2]
    scale = min(space.shape[0] / height, space.shape[1] / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    _paste_centred(space, cv2.resize(picture, size, interpolation=way))


def _paste_centred(space: Picture, drawn: NDArray[Any]) -> None:
    """Paste a drawing of at most the space's size into the space's centre."""
    height, width = drawn.shape[:2]
    top, left = (space.shape[0] - height) // 2, (space.shape[1] - width) // 2
    space[top : top + height, left : left + width] = drawn


def _to_levels(heatmap: Floats) -> Levels:
    return (np.clip(heatmap, 0, 1) * 255).astype(np.uint8)


def _apply_colours(levels: Levels) -> Picture:
    bgr = cv2.applyColorMap(levels, cv2.COLORMAP_TURBO)
    return np.ascontiguousarray(bgr[..., ::-1])


@lru_cache(maxsize=1)
def _make_blend_tables() -> tuple[Picture, Picture]:
    """Return lookup tables for levels 0..255: (1, 256, 3) colours multiplied by opacity, and (1,
    256) weights of the picture, 0..255."""
    level = np.arange(256, dtype=np.uint8)[None]
    strength = level / np.float32(255)
    share = np.where(strength > _MIN_RESPONSE, np.sqrt(strength) * _STRENGTH, 0)
    colour = np.round(_apply_colours(level) * share[..., None]).astype(np.uint8)
    return colour, np.round(255 * (1 - share)).astype(np.uint8)


def _blend_map(rgb: Picture, levels: Levels) -> Picture:
    """Blend a map's colours over a picture of the same size; stronger responses are more opaque."""
    colour, stays = _make_blend_tables()
    three = cv2.merge([levels] * 3)
    under = cv2.multiply(rgb, cv2.LUT(three, stays), scale=1 / 255)
    return np.asarray(cv2.add(under, cv2.LUT(three, colour)), np.uint8)
