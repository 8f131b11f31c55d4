"""What the tests of readings share."""

import pytest

from core.estimators.depth_nets import DepthNet
from tests.support.massing_net import save_massing_net


@pytest.fixture(scope="session")
def net(tmp_path_factory) -> DepthNet:
    """Finds keypoints round the middle of the surface in a crop."""
    folder = tmp_path_factory.mktemp("nets") / "crossinfonet.massing"
    save_massing_net(folder)
    return DepthNet(folder)
