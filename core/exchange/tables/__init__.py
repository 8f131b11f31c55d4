"""Samples as tables for other programs, and back: CSV, Parquet and COCO-keypoints json."""
