"""Estimates → gestures, of pictures and of depth: what live and files share."""
