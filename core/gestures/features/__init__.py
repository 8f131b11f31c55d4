"""Keypoints → features, made from the skeleton: `feature_set("hand_21")` is a function."""

from core.gestures.features.feature_set import FEATURE_SETS, FeatureSet, feature_set

__all__ = ["FEATURE_SETS", "FeatureSet", "feature_set"]
