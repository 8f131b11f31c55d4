"""Streams that run long, or start and stop often, leave memory and threads as they were.

Slow: ten minutes and some more; `python -m benchmarks.soak --minutes 30` is the long one.
"""

from statistics import median

import pytest

from benchmarks.camera_cycles import cycles
from benchmarks.soak import Moment, growth_mb, soak
from tests.browser.test_main_job import films  # noqa: F401 - a fixture

MAY_GROW_MB = 50
MAY_DIFFER = 1.05


def test_growth_is_from_the_first_warm_minute_to_the_last():
    seconds = range(0, 301, 15)
    moments = [Moment(s, 9, 500.0 if s < 30 else 600 + s / 10, 0, 0) for s in seconds]
    # medians: of 30 … 75 s, and of 255 … 300 s
    assert growth_mb(moments) == pytest.approx((255 + 300) / 20 - (30 + 75) / 20)


@pytest.mark.slow
@pytest.mark.usefixtures("weights_folder", "shared_data")
def test_ten_minutes_of_recording_grow_by_no_more_than_half_an_hour_may():
    moments = list(soak(10))
    assert growth_mb(moments) <= MAY_GROW_MB
    warm = [one.threads for one in moments if one.seconds > 30]
    assert max(warm) <= min(warm) + 1
    assert moments[-1].samples > 600


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.usefixtures("weights_folder")
def test_fifty_starts_and_stops_leave_threads_and_memory_as_they_were(chromium, films):  # noqa: F811
    found = list(cycles(films("thumbs_up"), chromium, 50))
    # the idle workers of Streamlit's pools are all there after ten
    early, late = found[8:13], found[-5:]
    assert median(s.threads for s in late) <= MAY_DIFFER * median(s.threads for s in early)
    assert median(s.memory_mb for s in late) <= MAY_DIFFER * median(s.memory_mb for s in early)
