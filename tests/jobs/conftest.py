"""What the tests of trainings and measurements share: a copy of the people's workspace."""

import shutil
from pathlib import Path

import pytest

from core.paths import Paths


@pytest.fixture
def paths(trained_people, tmp_path):
    return Paths.find(Path(shutil.copytree(trained_people, tmp_path / "workspace")))
