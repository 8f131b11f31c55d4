"""Pictures of samples as the viewer saw them: skeletons over crops; of clips, the traced keypoint's
path, or their frames side by side, which pages play as a loop.
"""

import cv2
import numpy as np

from core.media.pictures import decode_jpeg, encode_jpeg
from core.pose.boxes import Square, map_to_square, square_around
from core.pose.crops import cut_square
from core.pose.drawing.poses import draw_path, draw_pose
from core.pose.skeletons.table import skeleton_named
from core.pose.types import Floats, Picture, Pose
from core.store import NewSample, Sample

MAX_LOOP_FRAMES = 12
_GREY = 40  # behind a sample without a picture
_CROP_OPACITY = 0.4  # behind a clip: its crop shows the middle frame only
_MARGIN_FACTOR = 1.15  # side of a clip's picture relative to its keypoints' box


def draw_sample(sample: NewSample, size: int = 160) -> Picture:
    """Draw a sample's skeleton over its crop (or on grey), mirrored as the viewer saw it; for a
    clip, the last frame with the motion path. Returns (size, size, 3) uint8 RGB."""
    if sample.frames > 1:
        return _draw_clip_frames(sample, size, [sample.frames - 1])
    rgb = np.full((size, size, 3), _GREY, np.uint8)
    if sample.crop_jpeg is not None:
        crop = decode_jpeg(sample.crop_jpeg)
        rgb = cut_square(crop, Square(0, 0, crop.shape[0]), size)
    keypoints = _scale_keypoints_to_draw(sample)[0]
    keypoints = map_to_square(keypoints, sample.region or square_around(keypoints), size)
    rgb = draw_pose(rgb, Pose(keypoints, sample.scores[0]), skeleton_named(sample.skeleton))
    return np.asarray(cv2.flip(rgb, 1), np.uint8) if sample.mirrored_view else rgb


def draw_clip_loop(sample: NewSample, size: int) -> Picture:
    """Draw up to MAX_LOOP_FRAMES frames of a clip side by side, evenly spaced in time, each with
    the motion path so far. Returns (size, n * size, 3) uint8 RGB."""
    times = np.arange(sample.frames) if sample.times_s is None else sample.times_s
    shown_s = np.linspace(times[0], times[-1], min(MAX_LOOP_FRAMES, sample.frames))
    return _draw_clip_frames(sample, size, np.searchsorted(times, shown_s - 1e-9).tolist())


def encode_sample_picture(sample: Sample, size: int = 160) -> bytes:
    """Encode a sample's picture as JPEG; of a clip, its frames side by side for the page's loop."""
    draw = draw_clip_loop if sample.frames > 1 else draw_sample
    return encode_jpeg(draw(sample, size), quality=80)


def encode_thumbnail(sample: Sample, size: int = 64) -> bytes:
    """Encode a sample's crop as a small JPEG, mirrored as the viewer saw it; for a clip, or if
    there is no crop, the drawn skeleton."""
    if sample.frames > 1 or sample.crop_jpeg is None:
        return encode_sample_picture(sample, size)
    crop = cv2.resize(decode_jpeg(sample.crop_jpeg), (size, size), interpolation=cv2.INTER_AREA)
    rgb = cv2.flip(crop, 1) if sample.mirrored_view else crop
    return encode_jpeg(np.asarray(rgb, np.uint8), quality=80)


def _draw_clip_frames(sample: NewSample, size: int, indices: list[int]) -> Picture:
    """Draw frames of a clip side by side, each with the path so far of the traced keypoint."""
    skeleton, keypoints = skeleton_named(sample.skeleton), _scale_keypoints_to_draw(sample)
    square = square_around(keypoints.reshape(-1, 2), _MARGIN_FACTOR)
    points, background = (
        map_to_square(keypoints, square, size),
        _draw_background(sample, square, size),
    )
    pictures = []
    for index in indices:
        rgb = draw_pose(background, Pose(points[index], sample.scores[index]), skeleton)
        rgb = draw_path(rgb, points[: index + 1, skeleton.traced])
        pictures.append(cv2.flip(rgb, 1) if sample.mirrored_view else rgb)
    return np.concatenate(pictures, 1)


def _draw_background(sample: NewSample, square: Square, size: int) -> Picture:
    """Draw the dimmed crop at its position in a square; plain grey if the sample has no crop."""
    rgb = np.full((size, size, 3), _GREY, np.uint8)
    if sample.crop_jpeg is None or sample.region is None:
        return rgb
    x0, y0, side = sample.region
    crop_size = max(1, round(side * size / square.side))
    crop: np.ndarray = decode_jpeg(sample.crop_jpeg)
    crop = cv2.resize(crop, (crop_size, crop_size), interpolation=cv2.INTER_AREA)
    x, y = map_to_square(np.array([x0, y0]), square, size).tolist()
    shift = np.array([[1, 0, round(x)], [0, 1, round(y)]], np.float32)
    crop = cv2.warpAffine(crop, shift, (size, size), borderValue=(_GREY,) * 3)
    return np.asarray(cv2.addWeighted(crop, _CROP_OPACITY, rgb, 1 - _CROP_OPACITY, 0), np.uint8)


def _scale_keypoints_to_draw(sample: NewSample) -> Floats:
    """Return (T, K, 2) keypoints, px; a table's hand is about one unit large and is enlarged, as a
    drawn square is at least a pixel."""
    return sample.keypoints[..., :2] * (1000 if sample.space == "relative" else 1)
