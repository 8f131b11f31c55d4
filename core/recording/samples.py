"""What a sample is: which frames are skipped and why, how a sample is made, what adding came to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.media.pictures import encode_jpeg
from core.pose.boxes import CROP_FACTOR, Square, bounding_box, fraction_outside, square_around
from core.pose.crops import cut_square
from core.pose.skeletons.skeleton import HAND, PAIR
from core.pose.skeletons.table import skeleton_named
from core.pose.types import AnyFrame, Estimate, Floats, Pose, RemoteFrame
from core.store import NewSample
from core.words import join_words, mark, words

LOW_SCORE = words("low score")
CUT_OFF = words("cut off")
DUPLICATE = words("duplicate")
STORED = words("stored already")

CROP_SIZE = 256  # pixels, a stored crop's side
_LARGE_CROP = 1.3  # times the box of a body or of both hands
_MAX_CHANGED = 1 / 3  # of the keypoints: one hand of two appears, a hidden arm does not count
_METRES = {"metres": np.float32(1), "millimetres": np.float32(0.001)}


@dataclass(frozen=True)
class Limits:
    """When a frame is skipped."""

    # minimum score of the pose; MediaPipe's hands always pass, as their score is that of the
    # likelier side
    score: float = 0.5
    outside: float = 0.1  # maximum fraction of keypoints that are missing or outside the picture
    # minimum mean movement of the keypoints since the last saved sample, as a fraction of the
    # hand's size
    moved: float = 0.004


# a webcam shows half a body, of which the shoulders are needed; its score is its mean visibility
BODY_LIMITS = Limits(score=0.2, outside=0.7)
# one of the hands may be missing
PAIR_LIMITS = Limits(outside=0.55)
_LIMITS = {HAND: Limits(), PAIR: PAIR_LIMITS}


@dataclass
class AddReport:
    """Which samples were added and which files, rows or frames were skipped."""

    added: int = 0  # number of new samples
    already: int = 0  # pictures or rows that the project already had
    skipped: list[tuple[str, str]] = field(default_factory=list)  # (file or frame, reason)
    new_gestures: list[str] = field(default_factory=list)  # names of gestures that were created
    new: dict[str, list[int]] = field(default_factory=dict)  # ids of new rows, by database table
    remark: str = ""  # a remark on the file for the user, without its subject, or ""

    def note(self, table: str, ids: Sequence[int]) -> None:
        """Add the ids of a table's new rows to the report; for samples, also increase `added`."""
        self.new.setdefault(table, []).extend(ids)
        if table == "samples":
            self.added += len(ids)

    def to_document(self) -> dict[str, Any]:
        """Return the report as a dict with the keys of the command line's JSON output."""
        return {
            ("refused" if key == "skipped" else key): value for key, value in vars(self).items()
        }

    @property
    def text(self) -> str:
        """Return the counts as one sentence for the user."""
        parts = [words("{n} added", n=self.added)]
        if self.already:
            parts.append(words("{n} there already, not added again", n=self.already))
        if self.skipped:
            parts.append(words("{n} skipped", n=len(self.skipped)))
        if self.new_gestures:
            parts.append(words("new gestures: {names}", names=", ".join(self.new_gestures)))
        if self.remark:
            parts.append(words("the table {remark}", remark=self.remark))
        return join_words(parts, mark("{first}; {rest}"))


def missing_pose_reason(skeleton: str) -> str:
    """Return the reason for skipping a frame without a pose: “no hand” or “no body”."""
    return words("no body") if skeleton_named(skeleton).is_body else words("no hand")


def select_main_pose(estimate: Estimate) -> Pose | None:
    """Select the pose that becomes a sample: the first hand, or the most prominent body (large and
    near the centre); None if there are no poses."""
    if len(estimate.poses) < 2 or not skeleton_named(estimate.skeleton).is_body:
        return estimate.poses[0] if estimate.poses else None
    return max(estimate.poses, key=lambda pose: _score_prominence(pose, estimate.size_hw))


def _score_prominence(pose: Pose, size_hw: tuple[int, int]) -> float:
    """Score a body's prominence: the diagonal of its visible keypoints' box, px, reduced by up to
    half towards the left or right edge; 0 if nothing is visible."""
    seen = pose.without_hidden().keypoints
    if not np.isfinite(seen).any():
        return 0.0
    box = bounding_box(seen)
    off_centre = abs((box.x0 + box.x1) / (size_hw[1] - 1) - 1)  # 0 in the middle, 1 at the edge
    return float(np.hypot(box.width, box.height) * (1 - 0.5 * min(off_centre, 1.0)))


def select_valid_pose(
    estimate: Estimate, last: Floats | None, limits: Limits | None = None
) -> Pose | str:
    """Select a frame's main pose if it is within the limits (None: the skeleton's default); else
    return the reason for skipping the frame. `last`: last saved sample's (K, 2) keypoints."""
    pose = select_main_pose(estimate)
    return (
        rejection_reason(pose, estimate, last, limits)
        or pose
        or missing_pose_reason(estimate.skeleton)
    )


def rejection_reason(
    pose: Pose | None, estimate: Estimate, last: Floats | None, limits: Limits | None = None
) -> str | None:
    """Return why a pose is skipped (missing, low score, cut off, or a duplicate of `last`); None if
    it is valid."""
    skeleton = skeleton_named(estimate.skeleton)
    limits = limits or _LIMITS.get(skeleton.title, BODY_LIMITS)
    pose = pose and pose.without_hidden()
    if pose is None or not np.isfinite(pose.keypoints).any():
        return missing_pose_reason(skeleton.name)
    if pose.score < limits.score:
        return LOW_SCORE
    lacks_root = skeleton.is_body and not np.isfinite(pose.keypoints[[*skeleton.root]]).any()
    if lacks_root or fraction_outside(pose.keypoints, estimate.size_hw) > limits.outside:
        return CUT_OFF
    if last is not None and _measure_relative_movement(last, pose.keypoints) < limits.moved:
        return DUPLICATE
    return None


def _measure_relative_movement(previous: Floats, current: Floats) -> float:
    """Return the mean distance between two poses' keypoints, relative to the hand's size; 1.0 if
    too many keypoints appeared or disappeared."""
    if len(previous) != len(current):
        return 1.0
    before, after = np.isfinite(previous).all(1), np.isfinite(current).all(1)
    both = before & after
    if (before ^ after).mean() > _MAX_CHANGED or not both.any():
        return 1.0
    distance = np.linalg.norm(current[both] - previous[both], axis=1).mean()
    return float(distance / bounding_box(current).longer_side)


def make_sample(
    frame: AnyFrame, pose: Pose, estimate: Estimate, *, version: str = "", with_picture: bool = True
) -> NewSample:
    """Convert a pose to a sample, with a crop if `with_picture`; hidden keypoints become NaN."""
    index = next((i for i, one in enumerate(estimate.poses) if one is pose), 0)
    pose = pose.without_hidden()
    region = square_around(pose.keypoints, crop_factor(estimate.skeleton))
    region, crop = _crop_jpeg(frame, index, region) if with_picture else (region, None)
    return NewSample(
        keypoints=pose.keypoints,
        scores=pose.scores,
        world=None if pose.world is None else pose.world * _METRES[pose.space],
        visibility=pose.visibility,
        handedness=pose.handedness,
        instance=index,
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
    """Return a crop's side relative to the longer side of the keypoints' box."""
    return CROP_FACTOR if skeleton_named(skeleton).is_hand else _LARGE_CROP


def _crop_jpeg(frame: AnyFrame, index: int, region: Square) -> tuple[Square, bytes | None]:
    """Crop a square region of a frame as a JPEG. For a browser's frame, return the region and crop
    that the browser sent; the crop is None if it sent none."""
    if isinstance(frame, RemoteFrame):
        return (frame.crops[index] if index < len(frame.crops) else None) or (region, None)
    return region, encode_jpeg(cut_square(frame.rgb, region, CROP_SIZE))
