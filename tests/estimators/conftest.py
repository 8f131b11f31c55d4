"""What the tests of estimators share."""

import pytest

from core.media.pictures import read_picture


@pytest.fixture(scope="session")
def pointing(shared_data):
    """A person pointing up, 640x480."""
    folder = shared_data / "hand_images" / "emrecandir" / "point_up"
    return read_picture(sorted(folder.iterdir())[0])
