"""Keypoints → features, made from the skeleton: `feature_set("hand_21")` is a function."""

from core.errors import SkeletonError
from core.gestures.features.body_features import BodyFeatures
from core.gestures.features.feature_set import FeatureSet
from core.pose.skeletons import SKELETONS

__all__ = ["FEATURE_SETS", "FeatureSet", "feature_set"]

FEATURE_SETS = {
    name: BodyFeatures(one, 2) if one.is_body else FeatureSet(one, 1)
    for name, one in SKELETONS.items()
}


def feature_set(skeleton: str) -> FeatureSet:
    """The features of the skeleton of that name.

    Raises:
        SkeletonError: there are none for it.
    """
    if skeleton not in FEATURE_SETS:
        known = ", ".join(FEATURE_SETS)
        raise SkeletonError(f"no features are known for “{skeleton}”; there are some for: {known}")
    return FEATURE_SETS[skeleton]
