"""Depth in videos: lossless ones to the number, and nvGesture's by its estimated distances."""

import json
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from core.depth.cameras import CAMERAS, Camera
from core.depth.io.depth_videos import NOTE
from core.depth.io.recordings import open_depth
from core.errors import MediaError
from core.media.exact_videos import LosslessWriter

NUMBERS = {"name": "a", "fx": 60, "fy": 61, "u0": 32, "v0": 23, "width": 64, "height": 48}
CAMERA = Camera("a", 60, 61, 32, 23, 64, 48)


def write_video(path: Path, notes: dict[str, str], *, rgb: bool = False) -> Path:
    with LosslessWriter(path, (48, 64), notes, rgb=rgb) as writer:
        for number in range(3):
            grey = np.full((48, 64), 400 + number, np.uint16)
            colours = np.full((48, 64, 3), number, np.uint8) if rgb else None
            writer.write(grey, colours, 0.04 * number)
    return path


def test_a_video_has_its_camera_and_unit_itself(tmp_path) -> None:
    note = json.dumps(NUMBERS | {"unit_mm": 0.5})
    with open_depth(write_video(tmp_path / "a.mkv", {NOTE: note}, rgb=True)) as source:
        assert (source.count, source.camera) == (3, CAMERA)
        frames = [source.read(index) for index in (2, 0, 1)]
    assert [frame.depth_mm[3, 4] for frame in frames] == [201, 200, 200.5]
    assert [frame.rgb[3, 4].tolist() for frame in frames] == [[2] * 3, [0] * 3, [1] * 3]
    assert frames[0].time_s == pytest.approx(0.08) and frames[0].index == 2


def write_two_streams(path: Path, rgb_hw: tuple[int, int], rgb_count: int) -> Path:
    """Three frames of depth, and `rgb_count` in colours."""
    with av.open(str(path), "w") as container:
        for number, (height, width) in enumerate([(48, 64), rgb_hw]):
            stream = container.add_stream("ffv1", rate=25)
            stream.height, stream.width = height, width
            stream.pix_fmt = ("gray16le", "bgr0")[number]
        for number, stream in enumerate(container.streams.video):
            shape = (stream.height, stream.width, *([], [3])[number])
            for index in range((3, rgb_count)[number]):
                pixels = np.full(shape, 7, (np.uint16, np.uint8)[number])
                form = ("gray16le", "rgb24")[number]
                frame = av.VideoFrame.from_ndarray(pixels, format=form)
                frame.pts, frame.time_base = index, Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


def test_colours_of_another_size_are_not_registered_and_a_video_ends_with_its_colours(
    tmp_path,
) -> None:
    with open_depth(write_two_streams(tmp_path / "a.mkv", (24, 32), 3), camera=CAMERA) as source:
        assert [frame.rgb for frame in source] == [None] * 3
    with open_depth(write_two_streams(tmp_path / "b.mkv", (48, 64), 2), camera=CAMERA) as source:
        assert source.count == 2 and [frame.rgb[0, 0, 0] for frame in source] == [7, 7]


@pytest.mark.parametrize("note", ["[" * 9_000, "{", '{"fx": 1}', '"no"'])
def test_a_note_that_is_no_camera_is_an_error(tmp_path, note) -> None:
    with pytest.raises(MediaError, match=r"a\.mkv"):
        open_depth(write_video(tmp_path / "a.mkv", {NOTE: note}))


def test_nvgesture_s_hand_is_at_arm_s_length_and_moves_between_frames(shared_data: Path) -> None:
    with open_depth(shared_data / "samples" / "nvgesture") as source:
        assert source.count == 20 and source.camera.fx == CAMERAS["msra"].fx
        frames = list(source)
        assert np.array_equal(source.read(7).depth_mm, frames[7].depth_mm)
    assert all(frame.rgb is None for frame in frames)
    for frame in frames:
        seen = frame.depth_mm[frame.depth_mm > 0]
        assert 0.03 < seen.size / frame.depth_mm.size < 0.07  # the hand alone
        assert 420 < np.median(seen) < 550
    assert frames[1].time_s == pytest.approx(1 / 30, abs=1e-3)
    # two fingers are stretched out to the camera, up and to the left
    fingers, heel = frames[0].depth_mm[108:118, 104:112], frames[0].depth_mm[155:170, 150:170]
    assert np.median(fingers) < np.median(heel) - 20


@pytest.fixture
def nvgesture(shared_data: Path) -> bytes:
    return (shared_data / "samples" / "nvgesture" / "sk_depth.avi").read_bytes()


def read_grey(path: Path) -> float:
    """One pixel of the hand in the first frame, as OpenCV decodes it."""
    grey = cv2.VideoCapture(str(path)).read()[1][150, 155]
    assert 100 < grey[0] < 200 and len({*grey.tolist()}) == 1
    return float(grey[0])


@pytest.mark.parametrize(
    ("name", "camera"),
    [("sk_depth.avi", None), ("sk_depth (1).avi", None), ("a.avi", CAMERAS["nvgesture"])],
)
def test_nvgesture_s_is_known_by_its_name_or_its_camera(tmp_path, nvgesture, name, camera) -> None:
    (tmp_path / name).write_bytes(nvgesture)
    with open_depth(tmp_path / name, camera=camera) as source:
        assert source.camera == CAMERAS["nvgesture"]
        assert source.read(0).depth_mm[150, 155] == 900 - 3 * read_grey(tmp_path / name)


def test_another_video_of_that_name_is_read_by_the_given_camera(tmp_path, nvgesture) -> None:
    path = tmp_path / "sk_depth.avi"
    path.write_bytes(nvgesture)
    with pytest.raises(MediaError, match=r"8 bits a pixel, .* the camera nvgesture"):
        open_depth(path, camera=CAMERAS["msra"])
    with open_depth(path, camera=CAMERAS["msra"], unit_mm=4) as source:
        assert source.read(0).depth_mm[150, 155] == 4 * read_grey(path)
    (tmp_path / "own").mkdir()
    own = write_video(tmp_path / "own" / "a.mkv", {}).rename(tmp_path / "own" / "sk_depth.avi")
    with open_depth(own, camera=CAMERA) as source:
        assert source.read(1).depth_mm[0, 0] == 401
    with pytest.raises(MediaError, match=r"its camera .* is unknown"):
        open_depth(own)
