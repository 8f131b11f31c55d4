"""What the tests of trainings and measurements share: a copy of the people's workspace."""

import shutil
from pathlib import Path

import pytest

from core.jobs.trainings import TrainingManager
from core.paths import Paths


@pytest.fixture
def paths(trained_people, tmp_path):
    return Paths.find(Path(shutil.copytree(trained_people, tmp_path / "workspace")))


@pytest.fixture
def manager(store, paths):
    manager = TrainingManager(store, paths)
    yield manager
    manager.stop_all()
