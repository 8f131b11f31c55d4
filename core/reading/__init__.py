"""From estimates to named gestures, and from depth frames to hands: what live and files share."""
