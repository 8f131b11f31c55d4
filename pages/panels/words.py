"""Sentences, numbers and signs that several pages show.

Convention: sentences are short, say "you", name the button to press in its own words, and end with
what to do next. A gesture is shown (a hand does it), a name is said (the model does it).
"""

NOTHING_RECORDED = "Nothing is recorded yet: open Record, or fill the demo project on Demo."
NOT_STARTED = "Press START under the video and allow the camera."
FROM_COLOURS = (
    "3-D without a depth camera: MediaPipe estimates these points from colours alone. It learned "
    "their shape from many hands; how far away yours is, is not measured."
)


def in_percent(interval: list[float]) -> str:
    """An interval of shares."""
    return f"{interval[0]:.1%} – {interval[1]:.1%}"
