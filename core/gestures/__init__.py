"""Keypoints → gesture.

For others: `labels` (names and emoji), `data.GestureData`, `features.feature_set`,
`training.learner.train` (torch), `evaluation` (how far it can be trusted),
`model.gesture_model.GestureModel` (in use: onnxruntime).
"""
