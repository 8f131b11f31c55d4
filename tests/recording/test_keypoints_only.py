"""A project that keeps keypoints only holds no pixel, whichever way samples come in."""

import zipfile

import pytest

from core.exchange.project.project_file import export_project
from core.paths import Paths
from core.recording.imports.importing import ImportOptions, import_path
from core.recording.imports.uploads import add_uploads
from core.recording.recorder import Recorder
from core.recording.sources import record_source
from tests.exchange.conftest import sample
from tests.support.stored import record
from tests.support.zips import zip_of

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path / "here", tmp_path / "weights")


def stored(paths) -> bytes:
    return b"".join(path.read_bytes() for path in paths.workspace.rglob("*") if path.is_file())


def test_no_pixel_is_stored(store, paths, photos, make_estimator, shared_data, tmp_path):
    project = store.create_project("p", keypoints_only=True)
    ok = next(g for g in store.gestures(project.id) if g.name == "ok")
    recorder = Recorder(store, project.id, "me")  # one that asks for pictures
    content = [(path.name, path.read_bytes()) for path in sorted((photos / "ok").iterdir())[:2]]
    fists = {path.name: path.read_bytes() for path in (photos / "fist").iterdir()}
    content.append(("more.zip", zip_of(fists)))
    assert add_uploads(recorder, project, ok, content, make_estimator).added >= 4
    video = shared_data / "hand_videos" / "fist.mp4"
    with make_estimator() as hands:
        assert record_source(store, "p", "fist", str(video), hands, seconds=0.5).saved
    other = tmp_path / "other"
    (other / "ok").mkdir(parents=True)
    source = sorted((shared_data / "hand_images" / "didi" / "ok").iterdir())[3]
    (other / "ok" / source.name).write_bytes(source.read_bytes())
    assert import_path(store, "p", other, ImportOptions(make_estimator)).added == 1
    assert len(store.samples(project.id)) >= 6
    assert {s.crop_jpeg for s in store.samples(project.id)} == {None}
    assert JPEG not in stored(paths)
    export_project(store, paths, "p", tmp_path / "p.zip")
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        assert not [name for name in archive.namelist() if name.startswith("crops")]


def test_the_same_bytes_are_found_where_pictures_are_kept(store, paths):
    """That the search above would find something."""
    project = store.create_project("p")
    record(store, project, [sample(0)])
    assert JPEG in stored(paths)
