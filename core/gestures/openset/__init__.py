"""Reject hands that show none of the gestures: synthetic outliers, rejection head, threshold."""
