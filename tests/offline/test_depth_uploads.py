"""Uploaded recordings of depth: one file, several, a zip; what is none is told, nothing stays."""

import io
import json

import numpy as np
import pytest

from core.depth.cameras import CAMERAS
from core.errors import ArchiveError, MediaError
from core.offline.depth_recording import open_uploaded_recording
from tests.support.depth_recordings import CAMERA_JSON, depth_png
from tests.support.zips import zip_of


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
