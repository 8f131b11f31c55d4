"""Frames → answers: live, in files, on labelled data, as tables of keypoints."""
