"""Streams that run long leave memory and threads as they were.

Slow: ten minutes.
"""

import pytest

from tests.support.soak import Moment, growth_mb, soak

MAY_GROW_MB = 50


def test_growth_is_from_the_first_warm_minute_to_the_last():
    seconds = range(0, 301, 15)
    moments = [Moment(s, 9, 500.0 if s < 30 else 600 + s / 10, 0) for s in seconds]
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
