"""A camera that is started and stopped again and again leaves the studio as it was."""

from statistics import median

import pytest

from benchmarks.camera_cycles import cycles

MAY_DIFFER = 1.05


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.usefixtures("weights_folder")
def test_fifty_starts_and_stops_leave_threads_and_memory_as_they_were(chromium, films):
    found = list(cycles(films("thumbs_up"), chromium, 50))
    # the idle workers of Streamlit's pools are all there after ten
    early, late = found[8:13], found[-5:]
    assert median(s.threads for s in late) <= MAY_DIFFER * median(s.threads for s in early)
    assert median(s.memory_mb for s in late) <= MAY_DIFFER * median(s.memory_mb for s in early)
