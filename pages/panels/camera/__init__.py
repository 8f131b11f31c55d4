"""The camera on a page: its video, settings and test, and the keypoint detector."""
