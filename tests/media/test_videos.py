"""Videos: rates, rotation, damage; what we write plays; a stream's colours are those of PyAV."""

import av
import cv2
import numpy as np
import pytest

from core.errors import MediaError
from core.media.pictures import read_picture
from core.media.videos import (
    VideoWriter,
    decode_stream_frame,
    encode_stream_frame,
    read_video,
    video_info,
)
from tests.support.videos import write_video


@pytest.fixture
def clip(tmp_path):
    """Twenty frames at 10 a second, 64x48, each brighter by 10."""
    path = tmp_path / "clip.webm"
    with VideoWriter(path, 10, (48, 64)) as writer:
        for i in range(20):
            writer.write(np.full((48, 64, 3), 10 * i, np.uint8))
    return path


def test_what_is_written_is_read_frame_by_frame(clip):
    frames = list(read_video(clip))
    assert [f.index for f in frames] == list(range(20))
    assert [f.time_s for f in frames] == pytest.approx([i / 10 for i in range(20)], abs=1e-3)
    assert [float(f.rgb.mean()) for f in frames] == pytest.approx(
        [10 * i for i in range(20)], abs=6
    )
    assert not frames[0].mirrored_view and frames[0].source == "clip.webm"


def test_a_rate_takes_the_frames_nearest_after_each_beat(clip):
    assert [f.index for f in read_video(clip, fps=2)] == [0, 5, 10, 15]


def test_an_odd_size_loses_its_last_row_and_column(tmp_path):
    with VideoWriter(tmp_path / "a.webm", 10, (31, 33)) as writer:
        writer.write(np.zeros((31, 33, 3), np.uint8))
    assert video_info(tmp_path / "a.webm").size_hw == (30, 32)


@pytest.mark.parametrize(
    ("name", "words"), [("a.mp4", r"\.webm"), ("no/a.webm", "can't be written")]
)
def test_only_webm_is_written_where_there_is_a_folder(tmp_path, name, words):
    with pytest.raises(MediaError, match=words):
        VideoWriter(tmp_path / name, 10, (48, 64))


def test_a_real_video(shared_data):
    path = shared_data / "hand_videos" / "asl.mp4"
    info = video_info(path)
    assert info.frames == 102 and info.size_hw == (360, 440)
    assert len(list(read_video(path))) == 102


def rotated(path, degrees: int) -> None:
    """A black video, white at its top left, that asks to be turned clockwise."""
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :16] = 255
    content = bytearray(write_video(path, [picture] * 3, "mpeg4").read_bytes())
    at = content.index(b"tkhd") + 4 + 40  # version 0: the 3x3 matrix, 16.16 fixed point
    cos, sin = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    matrix = [cos, sin, 0, -sin, cos, 0, 0, 0, 1]
    for i, value in enumerate(matrix):
        unit = 1 << 30 if i % 3 == 2 else 1 << 16
        content[at + 4 * i : at + 4 * i + 4] = (value * unit).to_bytes(4, "big", signed=True)
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("degrees", "shape", "corner"),
    # turned clockwise, the top-left corner goes to the top-right, bottom-right, bottom-left
    [(90, (64, 48), (4, 43)), (180, (48, 64), (43, 59)), (270, (64, 48), (59, 4))],
)
def test_rotation_is_honoured(tmp_path, degrees, shape, corner):
    path = tmp_path / "phone.mp4"
    rotated(path, degrees)
    rgb = next(read_video(path)).rgb
    assert rgb.shape[:2] == shape
    assert rgb[corner].mean() > 200 and rgb.mean() < 60


def test_a_truncated_video_gives_the_frames_that_are_there(shared_data, tmp_path):
    whole = (shared_data / "hand_videos" / "slideshow_didi.mp4").read_bytes()
    pictures = np.random.default_rng(0).integers(0, 256, (60, 48, 64, 3), np.uint8)
    cut = write_video(tmp_path / "cut.webm", pictures, "libvpx-vp9")
    cut.write_bytes(cut.read_bytes()[:-20_000])
    assert 0 < len(list(read_video(cut))) < 60
    beginning = tmp_path / "beginning.mp4"
    beginning.write_bytes(whole[:2000])  # its index lies at the end and is gone
    with pytest.raises(MediaError):
        list(read_video(beginning))


def test_a_playlist_in_disguise_opens_no_other_file(clip):
    playlist = clip.with_name("playlist.mp4")
    playlist.write_text("ffconcat version 1.0\nfile clip.webm\n")
    with pytest.raises(MediaError, match=r"playlist\.mp4 isn't a video of a supported kind"):
        video_info(playlist)


@pytest.mark.parametrize("form", ["mp4", "mov", "matroska", "avi", "mpegts"])
def test_videos_are_known_by_their_content(tmp_path, form):
    pictures = np.random.default_rng(0).integers(0, 256, (3, 48, 64, 3), np.uint8)
    film = write_video(tmp_path / "film.mp4", pictures, "mpeg4", container=form)
    assert len(list(read_video(film))) == 3


@pytest.fixture(scope="module")
def photo(hand_photos):
    return cv2.resize(read_picture(hand_photos("thumbs_up")[0]), (320, 200))


def by_pyav(rgb):
    return av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")


def test_a_frame_has_the_brightness_and_colours_that_pyav_would_give_it(photo):
    ours = encode_stream_frame(photo).to_ndarray().astype(int)
    theirs = by_pyav(photo).to_ndarray().astype(int)
    assert np.abs(ours - theirs)[:200].max() <= 1  # brightness
    assert np.abs(ours - theirs)[200:].mean() < 0.5  # colours, of which every fourth is taken


def test_pure_colours_come_through_both_ways():
    wanted = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0]], np.uint8)
    rgb = np.repeat(np.repeat(wanted[:, None], 12, 0), 80, 1)  # five stripes, 60 high, 80 wide
    back = decode_stream_frame(encode_stream_frame(rgb))
    assert back.shape == (60, 80, 3) and np.abs(back.astype(int) - rgb).max() <= 3


def test_a_picture_is_what_pyav_makes_of_the_frame(photo):
    frame = by_pyav(photo)
    np.testing.assert_array_equal(decode_stream_frame(frame), frame.to_ndarray(format="rgb24"))


def test_an_odd_row_and_column_are_left_out(photo):
    frame = encode_stream_frame(photo[:151, :231])
    assert (frame.height, frame.width) == (150, 230)
    even = encode_stream_frame(photo[:150, :230])
    np.testing.assert_array_equal(frame.to_ndarray(), even.to_ndarray())
