"""What the tests share: real data, prepared models, a browser, an empty workspace.

Where one of these is missing, its tests skip and say so; with CI=true they fail instead.
"""

import os
import shutil
from pathlib import Path

import pytest

from core.studio.places import Places
from core.weights.mediapipe_models import is_prepared

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def lacking(what: str, way_out: str) -> None:
    """Skip the test, or fail it in CI, where nothing may be missing."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"{what}: {way_out}", pytrace=False)
    pytest.skip(f"{what}: {way_out}")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pictures, videos and tables that lies beside the repository."""
    if not SHARED_DATA.is_dir():
        lacking(f"no real data in {SHARED_DATA}", "put the data folder there")
    return SHARED_DATA


@pytest.fixture(scope="session")
def weights_folder() -> Path:
    """The folder of prepared hand models."""
    folder = Places.find().weights
    if not is_prepared(folder):
        lacking(f"no hand models in {folder}", "run `make setup`")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium or Chrome to drive."""
    found = os.environ.get("MUDRA_CHROMIUM") or next(
        filter(None, map(shutil.which, BROWSERS)), None
    )
    if not found:
        lacking("no Chromium on this machine", "install it, or name one in MUDRA_CHROMIUM")
    return str(found)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace of the test's own."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder
