"""Smoothed keypoints and labels for display: nothing here changes what is stored or measured.

Convention: time in seconds, rising; arrays of any shape, NaN where a keypoint is missing.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.pose.types import Floats

_SPEED_CUTOFF_HZ = 1.0  # of the one-euro filter's own low-pass of the speed
# Variances of the Kalman filter in the CPM demos: what each frame adds to position and to velocity,
# and of what comes in, in square pixels
_PROCESS_NOISE, _MEASUREMENT_NOISE = 0.03, 1.0


class OneEuro:
    """The one-euro filter (Casiez, Roussel, Vogel 2012): a low-pass whose cutoff rises with speed,
    so that a still hand is calm and a quick one hardly lags; see `Smoothing`."""

    def __init__(self, min_cutoff: float = 1.5, beta: float = 0.03) -> None:
        self.min_cutoff, self.beta = min_cutoff, beta
        self._values: Floats | None = None
        self._speed: Any = 0.0
        self._time_s = 0.0

    def __call__(self, values: Floats, time_s: float) -> Floats:
        """Return the smoothed values; a value that is or was NaN is returned unsmoothed."""
        if self._values is None or self._values.shape != values.shape:
            self._values, self._speed = values.copy(), np.zeros_like(values)
        else:
            dt_s = max(time_s - self._time_s, 1e-3)
            velocity = (values - self._values) / dt_s
            speed = _low_pass(self._speed, velocity, _SPEED_CUTOFF_HZ, dt_s)
            cutoff_hz = self.min_cutoff + self.beta * np.abs(speed)
            smooth = _low_pass(self._values, values, cutoff_hz, dt_s)
            known = np.isfinite(smooth)
            if not known.all():
                smooth, speed = np.where(known, smooth, values), np.where(known, speed, 0)
            self._values, self._speed = smooth, speed
        self._time_s = time_s
        return self._values.copy()


def _low_pass(previous: Floats, current: Floats, cutoff_hz: Any, dt_s: float) -> Floats:
    """Compute one step of a first-order low-pass filter."""
    turn = 2 * math.pi * dt_s * cutoff_hz
    return previous + (current - previous) * (turn / (turn + 1))


class LabelHysteresis:
    """Changes the label only after it has been confident for a while, so that it doesn't flicker;
    see `Smoothing`."""

    def __init__(self, enter: float = 0.6, leave: float = 0.45, hold_s: float = 0.2) -> None:
        if not 0 <= leave <= enter <= 1:
            raise ValueError(f"0 <= leave <= enter <= 1 is needed, got {leave=}, {enter=}")
        self.enter, self.leave, self.hold_s = enter, leave, hold_s
        self.label: str | None = None
        self._next: str | None = None
        self._since_s: float | None = None

    def __call__(self, label: str | None, probability: float, time_s: float) -> str | None:
        """Return the label to show, None while none is confident."""
        needed = self.leave if label == self.label else self.enter
        wanted = label if probability >= needed else None
        if wanted == self.label:
            self._since_s = None
        elif self._since_s is None or wanted != self._next:
            self._next, self._since_s = wanted, time_s
        if self._since_s is not None and time_s - self._since_s >= self.hold_s:
            self.label, self._since_s = wanted, None
        return self.label


@dataclass(frozen=True)
class Smoothing:
    """Settings of `OneEuro` and `LabelHysteresis`."""

    joints: bool = True  # whether keypoints are smoothed
    min_cutoff: float = 1.5  # cutoff in Hz of a still value; lower is calmer
    beta: float = 0.03  # how much one unit per second of speed raises the cutoff, in Hz
    enter: float = 0.6  # probability from which a new label counts
    leave: float = 0.45  # probability below which the current label no longer counts
    hold_s: float = 0.2  # how long a change must last

    def __post_init__(self) -> None:
        if not 0 <= self.leave <= self.enter:
            raise ValueError(f"0 <= leave <= enter is needed, got {self.leave=}, {self.enter=}")
        if not (0.01 <= self.min_cutoff <= 100 and 0 <= self.beta <= 10 and 0 <= self.hold_s <= 10):
            raise ValueError(
                "a cutoff of 0.01 to 100 Hz, a beta of 0 to 10 and a hold of 0 to 10 s are needed, "
                f"got {self.min_cutoff=}, {self.beta=}, {self.hold_s=}"
            )


class KalmanFilter:
    """A Kalman filter for each coordinate, position and velocity, as the CPM demos have it.

    Constant velocity in pixels a frame; as there, what comes out is where the keypoint will be in
    the next frame, so that a steady movement has no lag. Unlike there, a keypoint starts where it
    is first seen, not at (0, 0).
    """

    def __init__(self) -> None:
        # (5, *shape): position x, velocity v, and their covariances xx, xv, vv
        self._state: Floats | None = None

    def __call__(self, values: Floats) -> Floats:
        """Return the values predicted for the next frame; a missing one is NaN and restarts."""
        started = np.zeros((5, *values.shape))
        started[0] = values
        if self._state is None or self._state.shape != started.shape:
            self._state = started
        x, v, xx, xv, vv = np.where(np.isfinite(self._state[0]), self._state, started)
        gain, velocity_gain = xx / (xx + _MEASUREMENT_NOISE), xv / (xx + _MEASUREMENT_NOISE)
        x, v = x + gain * (values - x), v + velocity_gain * (values - x)
        xx, xv, vv = (1 - gain) * xx, (1 - gain) * xv, vv - velocity_gain * xv
        predicted_xx = xx + 2 * xv + vv + _PROCESS_NOISE
        self._state = np.stack([x + v, v, predicted_xx, xv + vv, vv + _PROCESS_NOISE])
        return self._state[0].astype(np.float32)
