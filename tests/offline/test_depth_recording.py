"""Hands found in depth become samples in space, of projects that take them; uploaded recordings."""

import io
import json

import numpy as np
import pytest

from core.depth.cameras import CAMERAS
from core.errors import ArchiveError, MediaError, NotFoundError, SkeletonError
from core.estimators.depth_nets import DepthNet
from core.lab.renderer.film import RenderedFilm
from core.media.pictures import decode_jpeg
from core.offline.depth_recording import (
    add_depth_samples,
    check_takes_depth,
    open_uploaded_recording,
    record_depth_samples,
)
from core.reading.depth_playback import DepthPlayback
from core.reading.depth_reading import DepthReader
from core.recording.plans import Plan
from core.recording.recorder import Recorder
from tests.support.depth_recordings import CAMERA_JSON, depth_png
from tests.support.massing_net import save_massing_net
from tests.support.zips import zip_of

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
    with pytest.raises(SkeletonError, match="is a 2-D project"):
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
    with pytest.raises(SkeletonError, match="a 2-D project"):
        record("flat", "fist")


def opened(uploads, folder, camera=None):
    with open_uploaded_recording(uploads, folder, camera) as source:
        return source.count, source.camera, [frame.depth_mm[0, 0] for frame in source]


def stack_of(*shape):
    """A .npy file of frames."""
    file = io.BytesIO()
    np.save(file, np.full(shape, 600, np.uint16))
    return file.getvalue()


STACK = stack_of(3, 6, 8)
PAIR = [("a.png", depth_png(700)), ("b.png", depth_png(800)), ("camera.json", CAMERA_JSON)]


@pytest.mark.parametrize(
    "uploads",
    [PAIR, [("hand.zip", zip_of(dict(PAIR)))], [("hand.zip", zip_of(dict(PAIR), "session 1/"))]],
    ids=["files", "zip", "zip of a folder"],
)
def test_files_of_a_folder_come_as_they_are_or_as_a_zip(tmp_path, uploads):
    count, camera, values = opened(uploads, tmp_path)
    assert count == 2 and (camera.width, camera.height) == (8, 6) and values == [700, 800]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("uploads", "reason"),
    [
        ([*PAIR, ("a.png", depth_png(900))], r"two of the files are called a\.png"),
        (
            [("hand.npy", STACK), ("other.npy", STACK)],
            r"2 recordings in the files \(hand\.npy, other\.npy\)",
        ),
    ],
)
def test_two_files_of_one_name_and_two_recordings_are_told(tmp_path, uploads, reason):
    with pytest.raises(MediaError, match=reason):
        opened(uploads, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_single_real_frame_is_a_recording_of_one(tmp_path, shared_data):
    name = "depth_1_0000001.png"
    content = (shared_data / "depth" / name).read_bytes()
    count, camera, _ = opened([(name, content)], tmp_path)
    assert count == 1 and camera == CAMERAS["nyu"]


def test_openni_s_recording_tells_its_camera_itself_or_comes_with_what_says_it(
    tmp_path, shared_data
):
    content = (shared_data / "depth" / "openni" / "Captured.oni").read_bytes()
    count, camera, _ = opened([("Captured.oni", content)], tmp_path)
    assert count == 4 and round(camera.fx) == 576
    numbers = {"fx": 580, "fy": 581, "u0": 318, "v0": 241, "width": 640, "height": 480}
    files = [("hand.oni", content), ("camera.json", json.dumps(numbers).encode())]
    for uploads in (files, [("hand.zip", zip_of(dict(files)))]):
        count, camera, _ = opened(uploads, tmp_path)
        assert (count, camera.fx, camera.fy) == (4, 580, 581)


def test_a_stack_needs_its_camera_to_be_named(tmp_path):
    upload = [("hand.npy", stack_of(3, 240, 320))]
    with pytest.raises(MediaError, match="its camera"):
        opened(upload, tmp_path)
    count, camera, values = opened(upload, tmp_path, CAMERAS["icvl"])
    assert (count, camera, values) == (3, CAMERAS["icvl"], [600] * 3)


def test_a_stack_comes_with_what_says_its_camera_and_with_what_a_mac_packs_beside_it(tmp_path):
    files = [("hand.npy", STACK), ("camera.json", CAMERA_JSON)]
    packed = zip_of(dict([*files, ("._hand.npy", b"Mac")]))
    for uploads in (files, [("hand.zip", packed)]):
        assert opened(uploads, tmp_path)[0] == 3


@pytest.mark.parametrize(
    ("uploads", "named"),
    [
        (PAIR[:2], "the files: its camera"),
        ([("hand.zip", zip_of(dict(PAIR[:2])))], "hand: its camera"),
        ([("hand.zip", zip_of(dict(PAIR[:2]), "session 1/"))], "session 1: its camera"),
        ([*PAIR[:2], ("camera.json", b"{}")], "camera.json: fx is None"),
    ],
)
def test_errors_name_files_as_their_sender_does(tmp_path, uploads, named):
    with pytest.raises(MediaError, match=named) as told:
        opened(uploads, tmp_path)
    assert "/" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("hand.zip", b"nothing", ArchiveError),
        ("hand.zip", zip_of({"../a.png": depth_png(700)}), ArchiveError),
        ("hand.npy", b"nothing", MediaError),
        ("hand.png", b"nothing", MediaError),
        ("hand.txt", b"nothing", MediaError),
        ("../../hand.png", b"nothing", MediaError),
    ],
)
def test_what_is_none_is_told_and_nothing_stays(tmp_path, name, content, error):
    with pytest.raises(error):
        opened([(name, content)], tmp_path)
    assert list(tmp_path.iterdir()) == []
