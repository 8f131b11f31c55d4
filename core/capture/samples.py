"""What a sample is: which hands are refused and why, and how one is made and shown."""

from dataclasses import dataclass

import cv2
import numpy as np

from core.media.pictures import decode_jpeg, encode_jpeg
from core.pose.boxes import bounding_box, cut_off, cut_region, hand_region, to_region
from core.pose.drawing import draw_pose
from core.pose.skeletons import skeleton_named
from core.pose.types import Estimate, Floats, Frame, Picture, Pose
from core.store import NewSample, Sample

NO_HAND = "no hand"
UNSURE = "low score"
CUT_OFF = "cut off"
DUPLICATE = "duplicate"
STORED = "stored already"

_GROUND = 40  # grey behind a sample without a picture
CROP_SIZE = 256  # pixels, a stored crop's side


@dataclass(frozen=True)
class Limits:
    """When a frame is refused.

    Attributes:
        score: the hand's confidence below this.
        outside: more than this share of the keypoints missing or outside the picture.
        moved: keypoints moved, on average, less than this share of the hand's size since the last
            sample that was kept.
    """

    score: float = 0.5
    outside: float = 0.1
    moved: float = 0.004


def refusal(
    pose: Pose | None, size_hw: tuple[int, int], last: Floats | None, limits: Limits
) -> str | None:
    """Why a frame's hand is no sample, None when it is one.

    Args:
        last: (K, 2) keypoints of the last sample that was kept.
    """
    if pose is None or not np.isfinite(pose.keypoints).any():
        return NO_HAND
    if pose.score < limits.score:
        return UNSURE
    if cut_off(pose.keypoints, size_hw) > limits.outside:
        return CUT_OFF
    if last is not None and _moved(last, pose.keypoints) < limits.moved:
        return DUPLICATE
    return None


def _moved(before: Floats, now: Floats) -> float:
    """Mean way of the keypoints, as a share of the hand's size."""
    x0, y0, x1, y1 = bounding_box(now)
    way = np.linalg.norm(now - before, axis=1)
    return float(np.nanmean(way) / max(x1 - x0, y1 - y0, 1.0)) if len(before) == len(now) else 1.0


def sample_of(
    frame: Frame, pose: Pose, estimate: Estimate, *, version: str = "", with_picture: bool = True
) -> NewSample:
    """A pose of a frame as the store takes it, with its crop unless only keypoints are wanted."""
    region = hand_region(pose.keypoints)
    crop = encode_jpeg(cut_region(frame.rgb, region, CROP_SIZE)) if with_picture else None
    several = [i for i, one in enumerate(estimate.poses) if one is pose]
    return NewSample(
        keypoints=pose.keypoints,
        scores=pose.scores,
        world=pose.world,
        visibility=pose.visibility,
        handedness=pose.handedness,
        instance=several[0] if several else 0,
        size_hw=frame.size_hw,
        region=region,
        crop_jpeg=crop,
        source=frame.source,
        mirrored_view=frame.mirrored_view,
        space="picture",
        estimator=estimate.estimator,
        estimator_version=version,
        skeleton=estimate.skeleton,
        time_s=frame.time_s,
    )


def picture_of(sample: Sample, size: int = 160) -> Picture:
    """The sample's crop with its skeleton, as the viewer saw it; plain ground without a crop.

    Returns:
        (size, size, 3) uint8 RGB.
    """
    rgb = np.full((size, size, 3), _GROUND, np.uint8)
    if sample.crop_jpeg is not None:
        crop = decode_jpeg(sample.crop_jpeg)
        rgb = cut_region(crop, (0, 0, crop.shape[0]), size)
    # a table's hand is about one unit large, a square is never smaller than a pixel
    keypoints = sample.pose[:, :2] * (1000 if sample.space == "relative" else 1)
    region = sample.region or hand_region(keypoints)
    keypoints = to_region(keypoints, region, size)
    pose = Pose(keypoints, sample.scores[sample.frames // 2])
    drawn = draw_pose(rgb, pose, skeleton_named(sample.skeleton))
    return np.asarray(cv2.flip(drawn, 1), np.uint8) if sample.mirrored_view else drawn


def thumbnail(sample: Sample, size: int = 64) -> bytes:
    """A small JPEG of the sample as the viewer saw it: its crop, else its skeleton."""
    if sample.crop_jpeg is None:
        return encode_jpeg(picture_of(sample, size), quality=80)
    crop = cv2.resize(decode_jpeg(sample.crop_jpeg), (size, size), interpolation=cv2.INTER_AREA)
    shown = cv2.flip(crop, 1) if sample.mirrored_view else crop
    return encode_jpeg(np.asarray(shown, np.uint8), quality=80)
