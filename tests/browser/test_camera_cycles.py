"""A camera that is started and stopped again and again leaves the studio as it was."""

from statistics import median

import pytest

from tests.support.camera_cycles import cycles, lasting_growth
from tests.support.studio import flags

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]

MAY_DIFFER = 1.05


@pytest.mark.parametrize(
    ("threads", "growth"),
    [
        ([20, 20, 21, 21, 20, 21], 0),
        ([20, 21, 27, 20, 21, 20], 0),  # what ends a little late
        ([20, 21, 22, 23, 24, 25], 4),  # one stays each time
        ([20, 26, 21, 23, 29, 24], 4),
    ],
)
def test_growth_is_what_stays(threads, growth):
    assert lasting_growth(threads) == growth


def test_the_camera_started_and_stopped_leaves_no_threads(open_browser, films):
    browser = open_browser(*flags(films("thumbs_up")))
    threads = [one.threads for one in cycles(browser, 7, 0.2, 0.3)]
    # five cycles lie between the thirds: a thread that stayed each time would make five;
    # Streamlit's own pools add a worker now and then, up to a bound
    assert lasting_growth(threads) < 4, threads


@pytest.mark.slow
def test_fifty_starts_and_stops_leave_threads_and_memory_as_they_were(open_browser, films):
    found = list(cycles(open_browser(*flags(films("thumbs_up"))), 50))
    # the idle workers of Streamlit's pools are all there after ten
    early, late = found[8:13], found[-5:]
    assert median(s.threads for s in late) <= MAY_DIFFER * median(s.threads for s in early)
    assert median(s.memory_mb for s in late) <= MAY_DIFFER * median(s.memory_mb for s in early)
