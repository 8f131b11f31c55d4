"""What the studio's tests share."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.estimators import create_estimator
from core.gestures.model.gesture_model import GestureModel
from core.paths import Places
from core.store import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "mudra.db")
    yield store
    store.close()


@pytest.fixture
def project(store):
    """A project with the eight gestures and `none`."""
    return store.create_project("Demo")


@pytest.fixture
def make_estimator(weights_folder) -> Callable:
    """Opens a new estimator of real hands."""
    return lambda **options: create_estimator("mediapipe-hands", weights_folder, **options)


@pytest.fixture(scope="session")
def starter() -> GestureModel:
    """The model that is shipped."""
    return GestureModel.load(Places.starter)


@pytest.fixture
def photos(shared_data, tmp_path) -> Path:
    """A folder per class: three real photos each of ok and fist, by one person."""
    folder = tmp_path / "photos"
    for gesture in ("ok", "fist"):
        (folder / gesture).mkdir(parents=True)
        source = shared_data / "hand_images" / "didi" / gesture
        for path in sorted(source.iterdir())[:3]:
            shutil.copy(path, folder / gesture)
    return folder
