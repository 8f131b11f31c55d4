"""Keypoints → features, by skeleton: `get_feature_set("hand_21")` for 2-D keypoints in the picture,
`get_feature_set("hand_21", 3)` for 3-D keypoints."""

from core.errors import SkeletonError
from core.gestures.features.body_features import BodyFeatures
from core.gestures.features.feature_set import FeatureSet, SpaceFeatures
from core.gestures.features.pair_features import PairFeatures
from core.pose.skeletons.skeleton import BODY, PAIR, Skeleton
from core.pose.skeletons.table import SKELETONS

__all__ = ["FEATURE_SETS", "FeatureSet", "get_feature_set"]


def _create_2d_features(skeleton: Skeleton) -> FeatureSet:
    """Create the 2-D features of a skeleton by its kind: body, pair of hands, or hand."""
    if skeleton.title == BODY:
        return BodyFeatures(skeleton, 2)
    return (PairFeatures if skeleton.title == PAIR else FeatureSet)(skeleton, 1)


FEATURE_SETS: dict[tuple[str, int], FeatureSet] = {
    (name, 2): _create_2d_features(skeleton)
    for name, skeleton in SKELETONS.items()
    if skeleton.edges
} | {
    (name, 3): SpaceFeatures(skeleton, 1)
    for name, skeleton in SKELETONS.items()
    if skeleton.edges and skeleton.is_hand
}


def get_feature_set(skeleton: str, axes: int = 2) -> FeatureSet:
    """Return the feature set of a skeleton, by its name, for keypoints with 2 or 3 axes. Raise
    SkeletonError if the skeleton has no features."""
    if found := FEATURE_SETS.get((skeleton, axes)):
        return found
    where = " in space" if axes == 3 else ""
    known = ", ".join(name for name, own_axes in FEATURE_SETS if own_axes == axes)
    raise SkeletonError(
        f"no features are known for “{skeleton}”{where}; these have features: {known}"
    )
