"""What a sample is: which hands and bodies are refused and why, and how one is made and shown."""

from dataclasses import dataclass

import cv2
import numpy as np

from core.media.pictures import decode_jpeg, encode_jpeg
from core.pose.boxes import (
    CROP_FACTOR,
    Square,
    bounding_box,
    fraction_outside,
    map_to_square,
    square_around,
)
from core.pose.crops import cut_square
from core.pose.drawing.poses import draw_pose
from core.pose.skeletons.skeleton import HAND, PAIR, Skeleton
from core.pose.skeletons.table import skeleton_named
from core.pose.types import AnyFrame, Estimate, Floats, Picture, Pose, RemoteFrame
from core.recording.clip_pictures import in_pixels, loop_picture, track_picture
from core.store import NewSample, Sample

UNSURE = "low score"
CUT_OFF = "cut off"
DUPLICATE = "duplicate"
STORED = "stored already"

_CAME_OR_WENT = 1 / 3  # of the keypoints: one hand of two does, a hidden arm does not
_GROUND = 40  # grey behind a sample without a picture
_METRES = {"metres": np.float32(1), "millimetres": np.float32(0.001)}
CROP_SIZE = 256  # pixels, a stored crop's side
_LARGE_CROP = 1.3  # times the box of a body or of both hands


@dataclass(frozen=True)
class Limits:
    """When a frame is refused.

    Attributes:
        score: the pose's score is below this, which no hand of MediaPipe's is: its score is that of
            the likelier side.
        outside: more than this share of the keypoints missing or outside the picture.
        moved: keypoints moved, on average, less than this share of the hand's size since the last
            sample that was kept.
    """

    score: float = 0.5
    outside: float = 0.1
    moved: float = 0.004


# a webcam shows half a body, of which the shoulders are needed; its score is its mean visibility
BODY_LIMITS = Limits(score=0.2, outside=0.7)
# one of the hands may be missing
PAIR_LIMITS = Limits(outside=0.55)


def nothing_found(skeleton: str) -> str:
    """Reason for skipping a frame without a pose: “no hand” or “no body”."""
    return f"no {skeleton_named(skeleton).single.title}"


def recorded_pose(estimate: Estimate) -> Pose | None:
    """Select the pose that becomes a sample: the first hand, or the largest body, which is the
    nearest person; of equally large ones the one closest to the picture's centre.
    """
    if len(estimate.poses) < 2 or not skeleton_named(estimate.skeleton).is_body:
        return estimate.poses[0] if estimate.poses else None
    return max(estimate.poses, key=lambda pose: _score_prominence(pose, estimate.size_hw))


def _score_prominence(pose: Pose, size_hw: tuple[int, int]) -> float:
    """Diagonal of a body's visible part, reduced by its distance from the picture's centre."""
    seen = pose.without_hidden().keypoints
    if not np.isfinite(seen).any():
        return 0.0
    box = bounding_box(seen)
    away = abs((box.x0 + box.x1) / (size_hw[1] - 1) - 1)  # 0 in the middle, 1 at the picture's edge
    return float(np.hypot(box.width, box.height) * (1 - 0.5 * min(away, 1.0)))


def judged(estimate: Estimate, last: Floats | None, limits: Limits | None = None) -> Pose | str:
    """Select a frame's pose and check it: the pose, or the reason why it is skipped.

    Args:
        last: (K, 2) keypoints of the last sample that was kept.
        limits: those of the skeleton where none are given.
    """
    pose = recorded_pose(estimate)
    return refusal(pose, estimate, last, limits) or pose or nothing_found(estimate.skeleton)


def refusal(
    pose: Pose | None, estimate: Estimate, last: Floats | None, limits: Limits | None = None
) -> str | None:
    """Reason why a pose is not a sample; None if it is one. Arguments as for `judged`."""
    skeleton = skeleton_named(estimate.skeleton)
    limits = limits or _default_limits(skeleton)
    pose = pose and pose.without_hidden()
    if pose is None or not np.isfinite(pose.keypoints).any():
        return nothing_found(skeleton.name)
    if pose.score < limits.score:
        return UNSURE
    lost = skeleton.is_body and not np.isfinite(pose.keypoints[[*skeleton.root]]).any()
    if lost or fraction_outside(pose.keypoints, estimate.size_hw) > limits.outside:
        return CUT_OFF
    if last is not None and _relative_movement(last, pose.keypoints) < limits.moved:
        return DUPLICATE
    return None


def _default_limits(skeleton: Skeleton) -> Limits:
    return {HAND: Limits(), PAIR: PAIR_LIMITS}.get(skeleton.title, BODY_LIMITS)


def _relative_movement(before: Floats, now: Floats) -> float:
    """Mean distance between two poses' keypoints as a fraction of the hand's size; 1 if many
    keypoints appeared or disappeared."""
    if len(before) != len(now):
        return 1.0
    was, shown = np.isfinite(before).all(1), np.isfinite(now).all(1)
    seen = was & shown
    if (was ^ shown).mean() > _CAME_OR_WENT or not seen.any():
        return 1.0
    way = np.linalg.norm(now[seen] - before[seen], axis=1).mean()
    return float(way / bounding_box(now).longer_side)


def sample_of(
    frame: AnyFrame, pose: Pose, estimate: Estimate, *, version: str = "", with_picture: bool = True
) -> NewSample:
    """Convert a frame's pose to a sample, with its crop unless only keypoints are stored; hidden
    keypoints become missing ones."""
    several = [i for i, one in enumerate(estimate.poses) if one is pose]
    number = several[0] if several else 0
    pose = pose.without_hidden()
    region = square_around(pose.keypoints, crop_factor(estimate.skeleton))
    region, crop = _crop_jpeg(frame, number, region) if with_picture else (region, None)
    return NewSample(
        keypoints=pose.keypoints,
        scores=pose.scores,
        world=None if pose.world is None else pose.world * _METRES[pose.space],
        visibility=pose.visibility,
        handedness=pose.handedness,
        instance=number,
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


def crop_factor(skeleton: str) -> float:
    """Side of a crop relative to the longer side of the keypoints' box."""
    return CROP_FACTOR if skeleton_named(skeleton).is_hand else _LARGE_CROP


def _crop_jpeg(frame: AnyFrame, number: int, region: Square) -> tuple[Square, bytes | None]:
    """Crop a region of a frame as a JPEG; of a browser's frame, take the crop that it sent."""
    if isinstance(frame, RemoteFrame):
        return (frame.crops[number] if number < len(frame.crops) else None) or (region, None)
    return region, encode_jpeg(cut_square(frame.rgb, region, CROP_SIZE))


def picture_of(sample: Sample, size: int = 160) -> Picture:
    """Draw a sample's skeleton over its crop (grey without one), mirrored as the viewer saw it; of
    a clip, draw its track.

    Returns:
        (size, size, 3) uint8 RGB.
    """
    if sample.frames > 1:
        return track_picture(sample, size)
    rgb = np.full((size, size, 3), _GROUND, np.uint8)
    if sample.crop_jpeg is not None:
        crop = decode_jpeg(sample.crop_jpeg)
        rgb = cut_square(crop, Square(0, 0, crop.shape[0]), size)
    keypoints = in_pixels(sample)[0]
    region = sample.region or square_around(keypoints)
    keypoints = map_to_square(keypoints, region, size)
    pose = Pose(keypoints, sample.scores[0])
    drawn = draw_pose(rgb, pose, skeleton_named(sample.skeleton))
    return np.asarray(cv2.flip(drawn, 1), np.uint8) if sample.mirrored_view else drawn


def shown_jpeg(sample: Sample, size: int = 160) -> bytes:
    """Encode a sample's picture as JPEG; of a clip, its frames side by side for the page's loop."""
    rgb = loop_picture(sample, size) if sample.frames > 1 else picture_of(sample, size)
    return encode_jpeg(rgb, quality=80)


def thumbnail(sample: Sample, size: int = 64) -> bytes:
    """Encode a small JPEG of a sample: its crop, else its skeleton, mirrored as the viewer saw it;
    of a clip, its frames side by side for the page's loop."""
    if sample.frames > 1:
        return shown_jpeg(sample, size)
    if sample.crop_jpeg is None:
        return encode_jpeg(picture_of(sample, size), quality=80)
    crop = cv2.resize(decode_jpeg(sample.crop_jpeg), (size, size), interpolation=cv2.INTER_AREA)
    shown = cv2.flip(crop, 1) if sample.mirrored_view else crop
    return encode_jpeg(np.asarray(shown, np.uint8), quality=80)
