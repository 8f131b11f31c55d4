"""Keypoints → features, once for numpy, torch and the exported graph."""
