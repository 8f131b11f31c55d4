"""Skeletons as data: keypoints by name and the edges between them. `table.py` lists all of them."""
