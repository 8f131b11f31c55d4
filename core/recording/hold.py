"""A button that is held in a browser, known by its messages.

A hold is a lease: each message renews it and says for how long the button has been held by the
browser's clock. Messages arrive late, never early, so the press was at the earliest moment that
any message allows. Times are seconds on the frames' clock.
"""

CAMERA_TIMEOUT_S = 2.0

LEASE_EXPIRED = (
    "Recording ended: no message came from the browser for a moment. What was recorded before is "
    "saved; hold again to continue."
)
CAMERA_LOST = (
    f"Recording ended: the camera gave no picture for {CAMERA_TIMEOUT_S:.0f} s. What was recorded "
    "before is saved."
)
CUT_SHORT = (
    "Recording ended before you released the button: the camera stopped. What was recorded before "
    "is saved."
)


class ButtonHold:
    """One press of the button.

    Attributes:
        confirmed_until_s: the button was certainly held until then.
        end_reason: why the hold ended without a release; "" while it did not.
    """

    def __init__(self, lease_s: float, now_s: float, held_s: float) -> None:
        self.confirmed_until_s, self.end_reason = float("-inf"), ""
        self._lease_s, self._pressed_s = lease_s, now_s - held_s
        self._message_s = self._frame_s = now_s

    def renew(self, now_s: float, held_s: float) -> None:
        """Renew the lease: the button has been held for `held_s` until now or its release. End the
        hold if the camera has sent no frame for CAMERA_TIMEOUT_S."""
        self.check_lease(now_s)
        if self.end_reason:
            return
        self._message_s, self._pressed_s = now_s, min(self._pressed_s, now_s - held_s)
        self.confirmed_until_s = max(self.confirmed_until_s, self._pressed_s + held_s)
        if now_s - self._frame_s > CAMERA_TIMEOUT_S:
            self.end_reason = CAMERA_LOST

    def note_frame(self, time_s: float, now_s: float) -> None:
        """Note that a frame of `time_s` arrived; on a busy machine it arrives late."""
        self._frame_s = max(time_s, now_s)
        self.check_lease(time_s)

    def check_lease(self, now_s: float) -> None:
        """End the hold if no message renewed the lease in time."""
        if not self.end_reason and now_s - self._message_s > self._lease_s:
            self.end_reason = LEASE_EXPIRED
