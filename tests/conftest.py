"""What the tests share: real data, prepared models, a browser, an empty workspace.

Where one of these is missing, its tests skip and say so; with CI=true they fail instead.
"""

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pandas as pd
import psycopg
import pytest
from filelock import FileLock

from core.estimators import create_estimator
from core.gestures.modelfile.gesture_model import GestureModel
from core.jobs.trainings import train_here
from core.modelfiles.mediapipe_models import has_prepared_models
from core.paths import Paths
from core.recording.imports.importing import ImportOptions, import_path
from core.store import Store
from tests.support import postgresql
from tests.support.performances import perform
from tests.support.studio import find_chromium

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
PATIENCE_S = 10
os.environ.pop("MUDRA_DATABASE", None)  # whoever shares a database runs the tests beside it


def lacking(what: str, what_to_do: str) -> None:
    """Skip the test, or fail it in CI, where nothing may be missing."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"{what}: {what_to_do}", pytrace=False)
    pytest.skip(f"{what}: {what_to_do}")


def wait_until(true: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    """Wait for what another thread or process does."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


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
def hand_photos(shared_data: Path) -> Callable[[str], list[Path]]:
    """hand_photos(gesture): real photos of a gesture, all by one person."""
    folder = shared_data / "hand_images" / "emrecandir"
    return lambda gesture: sorted((folder / gesture).iterdir())


@pytest.fixture(scope="session")
def weights_folder() -> Path:
    """The folder of prepared hand models."""
    folder = Paths.find().weights
    if not has_prepared_models(folder):
        lacking(f"no hand models in {folder}", "run `make setup`")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium or Chrome to drive."""
    found = find_chromium()
    if not found:
        lacking("no Chromium on this machine", "install it, or name one in MUDRA_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of this run's own."""
    programs = postgresql.find_programs()
    if programs is None:
        lacking("no PostgreSQL on this machine", "apt-get install postgresql")
    with postgresql.running(programs) as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql_server: str) -> str:
    """The URL of an empty database of the test's own: a schema of the server's."""
    schema = f"t{uuid.uuid4().hex}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    return f"{postgresql_server}&options=-csearch_path%3D{schema}"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace of the test's own."""
    (tmp_path / "workspace").mkdir()
    return tmp_path / "workspace"


PEOPLE = {
    "Anna": "yxL05/gesture-based-presentation-helper",
    "Ben": "BubuPenguin/OpenCV-Workshop",
    "Carla *x*": "ULTUX/hand-gesture-recognition",
}


def once(tmp_path_factory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first process of the tests to ask for it makes, and all of them read."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            made = tmp_path_factory.mktemp(name)
            make(made)
            made.rename(folder)
    return folder


@pytest.fixture(scope="session")
def trained_people(tmp_path_factory, shared_data: Path) -> Path:
    """A workspace, to be copied: in its project “People” three real recorders have shown 25 each
    of 👊, ✋ and 👍, and a model was trained on them for three epochs."""
    folder = once(tmp_path_factory, "trained_people", partial(_train_people, shared_data))
    return folder / "workspace"


def _train_people(shared_data: Path, folder: Path) -> None:
    rows = pd.read_csv(shared_data / "hand_keypoints" / "gestures.csv", dtype=str)
    chosen = [
        rows[(rows.source_repo == recorder) & (rows.gesture == gesture)][:25].assign(
            source_repo=name
        )
        for name, recorder in PEOPLE.items()
        for gesture in ("fist", "open_palm", "thumbs_up")
    ]
    pd.concat(chosen).to_csv(folder / "people.csv", index=False)
    paths = Paths.find(folder / "workspace")
    store = Store(paths.database)
    import_path(store, "People", folder / "people.csv", ImportOptions(lambda: None))
    train_here(store, paths, store.project("People"), epochs=3, progress=lambda *_: None)
    store.close()


@pytest.fixture(scope="session")
def trained_both(tmp_path_factory, trained_people: Path) -> Path:
    """A workspace, to be copied: its project “People” has two gestures that move beside the three
    still ones, three performances each, and its latest training learned both kinds."""
    folder = once(tmp_path_factory, "trained_both", partial(_train_both, trained_people))
    return folder / "workspace"


def _train_both(people: Path, folder: Path) -> None:
    paths = Paths.find(Path(shutil.copytree(people, folder / "workspace")))
    with closing(Store(paths.database)) as store:
        for name in ("swipe_left", "swipe_right"):
            perform(store, store.project("People").id, name, 3)
        train_here(store, paths, store.project("People"), epochs=3, progress=lambda *_: None)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A workspace in the test's own folder."""
    return Paths.find(tmp_path)


@pytest.fixture
def place(paths: Paths) -> Path | str:
    """Where the test's store is: a file; the store's own tests run on a PostgreSQL, too."""
    return paths.database


@pytest.fixture
def open_store() -> Iterator[Callable[..., Store]]:
    """open_store(place): a store that is closed at the end."""
    with ExitStack() as opened:
        yield lambda *at, **options: opened.enter_context(closing(Store(*at, **options)))


@pytest.fixture
def store(open_store, place):
    return open_store(place)


@pytest.fixture
def project(store):
    """A project with the eight gestures and `none`."""
    return store.create_project("Demo")


@pytest.fixture
def make_estimator(weights_folder) -> Callable:
    """Opens a new estimator of real hands."""
    return partial(create_estimator, "mediapipe-hands", weights_folder)


@pytest.fixture(scope="session")
def starter() -> GestureModel:
    """The model that is shipped."""
    return GestureModel.load(Paths.starter)


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
