"""A button that somebody holds elsewhere, as far as its words tell.

A hold is a lease: each word renews it, and says for how long the button has been held by its own
clock. A word is late, never early, so the press was at the earliest moment that any word allows.
Times are seconds on the frames' clock.
"""

SILENT_S = 2.0  # no frame for so long: the camera is lost

LAPSED = (
    "Recording ended: nothing was heard from the browser for a moment. What came before that is "
    "kept; hold again to go on."
)
CAMERA_LOST = (
    f"Recording ended: the camera gave no picture for {SILENT_S:.0f} s. What came before that is "
    "kept."
)
CUT_SHORT = "Recording ended before you let go: the camera stopped. What came before that is kept."


class Hold:
    """What is known of one press.

    Attributes:
        sure_s: until then the button was held for sure.
        why_over: why it counts as over although nobody released it; "" while it doesn't.
    """

    def __init__(self, lease_s: float, now_s: float, held_s: float) -> None:
        self.sure_s, self.why_over = float("-inf"), ""
        self._lease_s, self._pressed_s = lease_s, now_s - held_s
        self._heard_s = self._frame_s = now_s

    def hear(self, now_s: float, held_s: float) -> None:
        """A word: it is, or at its release was, held for so long."""
        self.look(now_s)
        if self.why_over:
            return
        self._heard_s, self._pressed_s = now_s, min(self._pressed_s, now_s - held_s)
        self.sure_s = max(self.sure_s, self._pressed_s + held_s)
        if now_s - self._frame_s > SILENT_S:
            self.why_over = CAMERA_LOST

    def frame(self, time_s: float, now_s: float) -> None:
        """A frame of this time came; a busy machine's come late, and its camera is there."""
        self._frame_s = max(time_s, now_s)
        self.look(time_s)

    def look(self, now_s: float) -> None:
        """Over once nothing was heard for the lease."""
        if not self.why_over and now_s - self._heard_s > self._lease_s:
            self.why_over = LAPSED
