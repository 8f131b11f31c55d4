"""Hands found in depth become samples in space, of projects that take them."""

import numpy as np
import pytest

from core.errors import MediaError, NotFoundError, SkeletonError
from core.estimators.depth_nets import DepthNet
from core.lab.renderer.film import RenderedFilm
from core.media.pictures import decode_jpeg
from core.offline.depth_recording import add_depth_samples, check_takes_depth, record_depth_samples
from core.reading.depth_playback import DepthPlayback
from core.reading.depth_reading import DepthReader
from core.recording.plans import Plan
from core.recording.recorder import Recorder
from tests.support.massing_net import save_massing_net

FRAMES = range(12)


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    folder = tmp_path_factory.mktemp("net") / "crossinfonet.mine"
    save_massing_net(folder)
    return DepthNet(folder)


@pytest.fixture(scope="module")
def playback(net):
    playback = DepthPlayback(RenderedFilm(), net)
    yield playback
    playback.close()


@pytest.fixture
def project(store):
    return store.create_project("P", in_space=True)


def add(store, project, playback, frames=FRAMES):
    recorder = Recorder(store, project.id, "Ada", source="film")
    gesture = store.gestures(project.id)[0]
    return add_depth_samples(
        recorder, gesture.id, playback.read(frames), "crossinfonet.mine", source="film"
    )


def test_a_part_of_a_recording_becomes_samples_that_can_be_undone(store, project, playback):
    added = add(store, project, playback)
    # fifteen frames a second are looked at ten times a second
    assert added.added == len(store.samples(project.id)) >= len(FRAMES) / 3
    first = store.samples(project.id, newest_first=False)[0]
    ((frame, found),) = playback.read([0])
    np.testing.assert_allclose(first.world[0], found.joints_mm / 1000, atol=1e-6)
    in_picture = frame.camera.to_pixels(found.joints_mm)[:, :2]
    np.testing.assert_allclose(first.pose, in_picture, atol=1e-3)
    assert (first.estimator, first.skeleton, first.source) == (
        "crossinfonet.mine",
        "hand_21",
        "film",
    )
    assert first.size_hw == frame.depth_mm.shape and not first.mirrored_view
    crop = decode_jpeg(first.crop_jpeg)
    assert np.ptp(crop.astype(int), axis=2).mean() > 20  # in colours
    assert store.training_data(project.id).keypoints.shape[1:] == (21, 3)
    [act] = store.list_history(project.id)
    store.undo(act.id)
    assert not store.samples(project.id)


def test_frames_without_a_new_hand_are_told(store, project, playback):
    recorder = Recorder(store, project.id, "Ada")
    same = [*playback.read([0])] * 3
    added = add_depth_samples(recorder, store.gestures(project.id)[0].id, same, "n", source="film")
    assert added.added == 1
    with pytest.raises(MediaError, match="nothing in these frames makes a sample"):
        add(store, project, playback, frames=[])


def test_projects_of_the_picture_and_of_other_keypoints_refuse_depth(store):
    with pytest.raises(SkeletonError, match="learns from keypoints in the picture"):
        check_takes_depth(store.create_project("flat"), "hand_21")
    with pytest.raises(SkeletonError, match="finds nyu_14, “deep” takes hand_21"):
        check_takes_depth(store.create_project("deep", in_space=True), "nyu_14")


def test_a_source_is_recorded_into_a_project_that_is_made_for_it(store, net):
    def record(project, gesture):
        with RenderedFilm() as film:
            reader = DepthReader(net)
            plan = Plan(length_s=0.5, rate_hz=5)
            return record_depth_samples(store, project, gesture, film, reader, net, plan)

    with pytest.raises(NotFoundError, match="no gesture “wave”"):
        record("New", "wave")
    assert not store.projects()
    taken = record("New", "fist")
    assert not taken.error and 1 <= taken.saved <= 4
    project = store.project("New")
    assert project.in_space and len(store.samples(project.id)) == taken.saved
    store.create_project("flat")
    with pytest.raises(SkeletonError, match="in the picture"):
        record("flat", "fist")
