"""The camera on a page: the stream, its test, whose keypoints."""
