"""Keypoints → features, made from the skeleton: `feature_set("hand_21")` is a function, and
`feature_set("hand_21", 3)` one of hands in space."""

from core.errors import SkeletonError
from core.gestures.features.body_features import BodyFeatures
from core.gestures.features.feature_set import FeatureSet, SpaceFeatures
from core.gestures.features.pair_features import PairFeatures
from core.pose.skeletons.skeleton import BODY, PAIR, Skeleton
from core.pose.skeletons.table import SKELETONS

__all__ = ["FEATURE_SETS", "SPACE_FEATURES", "FeatureSet", "feature_set"]


def _in_the_picture(skeleton: Skeleton) -> FeatureSet:
    if skeleton.title == BODY:
        return BodyFeatures(skeleton, 2)
    return (PairFeatures if skeleton.title == PAIR else FeatureSet)(skeleton, 1)


FEATURE_SETS = {name: _in_the_picture(one) for name, one in SKELETONS.items() if one.edges}
SPACE_FEATURES = {
    name: SpaceFeatures(one, 1) for name, one in SKELETONS.items() if one.edges and one.is_hand
}


def feature_set(skeleton: str, axes: int = 2) -> FeatureSet:
    """The features of the skeleton of that name, whose keypoints have so many axes.

    Raises:
        SkeletonError: there are none for it.
    """
    sets = SPACE_FEATURES if axes == 3 else FEATURE_SETS
    if skeleton not in sets:
        where = " in space" if axes == 3 else ""
        raise SkeletonError(
            f"no features are known for “{skeleton}”{where}; there are some for: {', '.join(sets)}"
        )
    return sets[skeleton]
