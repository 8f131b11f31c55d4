"""Frames by number: any order gives the very frames that were written, also after damage."""

import random
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from core.errors import MediaError
from core.media import exact_videos
from core.media.exact_videos import GREY_8, RGB, LosslessWriter, VideoTrack, count_tracks
from core.media.limits import LOSSLESS_VIDEO
from tests.support.videos import write_video

SIZE_HW = (48, 66)


@pytest.fixture
def open_track():
    """open_track(path): a video that is closed at the end."""
    with ExitStack() as opened:
        yield lambda *at, **options: opened.enter_context(closing(VideoTrack(*at, **options)))


def deep(number: int) -> np.ndarray:
    rng = np.random.default_rng(number)
    return rng.integers(0, 2**16, SIZE_HW, np.uint16)


def coloured(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (*SIZE_HW, 3), np.uint8)


def written(path: Path, count: int, *, rgb: bool = False) -> Path:
    with LosslessWriter(path, SIZE_HW, {"MINE": "noted"}, rgb=rgb) as writer:
        for number in range(count):
            writer.write(deep(number), coloured(number) if rgb else None, number / 25)
    return path


def test_16_bits_and_colours_come_back_as_they_were_in_any_order(tmp_path, open_track) -> None:
    path = written(tmp_path / "a.mkv", 40, rgb=True)
    depth, rgb = open_track(path), open_track(path, number=1, pixel_format=RGB)
    order = list(range(40)) + random.Random(0).sample(range(40), 40) + [39, 0, 39, 20, 20]
    for number in order:
        assert np.array_equal(depth.read(number), deep(number)), number
        assert np.array_equal(rgb.read(number), coloured(number)), number
    assert depth.is_deep and depth.size_hw == SIZE_HW and count_tracks(path) == 2
    assert depth.times_s == pytest.approx([number / 25 for number in range(40)])
    assert depth.metadata["mine"] == "noted"
    depth.close()
    depth.close()


def between(path: Path, count: int, codec: str, **options: str) -> list[np.ndarray]:
    """A film whose frames lean on others, and its frames as they come by decoding all of it."""
    pictures = np.full((count, 48, 64, 3), 40, np.uint8)
    for number, picture in enumerate(pictures):
        picture[:, number : number + 8] = 250
    write_video(path, pictures, codec, **options)
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mpeg4"), ("a.webm", "libvpx-vp9")])
def test_a_frame_between_key_frames_is_the_same_as_in_the_whole_film(
    tmp_path, name, codec, open_track
) -> None:
    frames = between(tmp_path / name, 50, codec, g="12", bf="2" if codec == "mpeg4" else "0")
    track = open_track(tmp_path / name, pixel_format=GREY_8)
    assert len(track.times_s) == len(frames) == 50 and not track.is_deep
    for number in [*random.Random(1).sample(range(50), 50), 10, 11, 12, 13]:
        assert np.array_equal(track.read(number), frames[number]), number


def test_a_film_that_was_cut_short_gives_the_frames_before(tmp_path, open_track) -> None:
    path = written(tmp_path / "a.mkv", 30)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    track = open_track(path)
    assert 10 < len(track.times_s) < 21
    for number in (len(track.times_s) - 2, 0, 9):
        assert np.array_equal(track.read(number), deep(number))


def test_a_damaged_frame_leaves_the_others_whole(tmp_path, open_track) -> None:
    path = written(tmp_path / "a.mkv", 5)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40] = bytes(40)
    path.write_bytes(content)
    track = open_track(path)
    whole = [np.array_equal(track.read(number), deep(number)) for number in range(5)]
    assert whole == [True, True, False, True, True]


def test_there_is_no_frame_beyond_the_last(tmp_path, open_track) -> None:
    track = open_track(written(tmp_path / "a.mkv", 2))
    for index in (-1, 2):
        with pytest.raises(MediaError, match=f"no frame {index}: it has 2"):
            track.read(index)


@pytest.mark.parametrize("content", [b"", b"no video", b"\x1aE\xdf\xa3" + bytes(50)])
def test_what_is_no_video_is_told(tmp_path, content) -> None:
    (tmp_path / "a.mkv").write_bytes(content)
    with pytest.raises(MediaError, match=r"a\.mkv"):
        VideoTrack(tmp_path / "a.mkv")


def test_a_film_by_an_unknown_codec_is_told(tmp_path) -> None:
    path = written(tmp_path / "a.mkv", 1)
    path.write_bytes(path.read_bytes().replace(b"V_FFV1", b"V_NONE"))
    with pytest.raises(MediaError, match=r"a\.mkv has an unknown codec"):
        VideoTrack(path)


def test_a_huge_picture_is_refused(tmp_path) -> None:
    with LosslessWriter(tmp_path / "a.mkv", (2, 5000), {}) as writer:
        writer.write(np.zeros((2, 5000), np.uint16), None, 0.0)
    with pytest.raises(MediaError, match=r"a\.mkv is 5000 x 2"):
        VideoTrack(tmp_path / "a.mkv")


def test_a_picture_that_lacks_its_colours_leaves_the_film_whole(tmp_path, open_track) -> None:
    path = tmp_path / "a.mkv"
    with LosslessWriter(path, SIZE_HW, {}, rgb=True) as writer:
        for number in range(3):
            writer.write(deep(number), coloured(number), number / 25)
        grey, rgb = deep(3), coloured(3)
        for wrong in ((grey, None), (grey, rgb[:-1]), (grey[:-1], rgb)):
            with pytest.raises(MediaError, match=r"all of one size.* each with colours or none"):
                writer.write(*wrong, 3 / 25)
    depth, rgb = open_track(path), open_track(path, number=1, pixel_format=RGB)
    assert len(depth.times_s) == len(rgb.times_s) == 3
    assert np.array_equal(depth.read(2), deep(2)) and np.array_equal(rgb.read(2), coloured(2))


def test_16_bits_in_the_other_order_of_bytes_come_back_as_they_were(tmp_path, open_track) -> None:
    path = write_video(tmp_path / "a.mov", [deep(0)], "png", "gray16be", kind="gray16le")
    track = open_track(path)
    assert track.is_deep and np.array_equal(track.read(0), deep(0))


@pytest.mark.parametrize(
    ("pixels", "bits"), [("gray10le", 10), ("gray12le", 12), ("yuv420p10le", 10)]
)
def test_bits_whose_numbers_would_be_changed_are_refused_by_name(
    tmp_path, pixels, bits, open_track
) -> None:
    path = write_video(tmp_path / "a.mkv", [deep(0)], "ffv1", pixels, kind="gray16le")
    with pytest.raises(MediaError, match=rf"a\.mkv has {pixels} pixels of {bits} bits: expected"):
        open_track(path)
    track = open_track(path, pixel_format=RGB)
    assert track.read(0).shape == (*SIZE_HW, 3)


def test_a_film_is_full_before_it_is_too_large_to_be_read(
    tmp_path, monkeypatch, open_track
) -> None:
    limits = replace(LOSSLESS_VIDEO, max_bytes=2**26 + 20_000)  # a frame has some 9,300
    monkeypatch.setattr(exact_videos, "LOSSLESS_VIDEO", limits)
    with (
        pytest.raises(MediaError, match=r"a\.mkv is full \(3 frames, "),
        LosslessWriter(tmp_path / "a.mkv", SIZE_HW, {}) as writer,
    ):
        for number in range(10):
            writer.write(deep(number), None, number / 25)
    track = open_track(tmp_path / "a.mkv")
    assert len(track.times_s) == 3 and np.array_equal(track.read(2), deep(2))


def test_a_film_of_an_hour_is_read(tmp_path, open_track) -> None:
    with LosslessWriter(tmp_path / "a.mkv", SIZE_HW, {}) as writer:
        for number in range(3):
            writer.write(deep(number), None, number * 1800.0)
    track = open_track(tmp_path / "a.mkv")
    assert track.times_s == [0, 1800, 3600] and np.array_equal(track.read(2), deep(2))


def test_a_place_that_can_t_be_written_is_told(tmp_path) -> None:
    with pytest.raises(MediaError, match=r"written as \.mkv, not “\.avi”"):
        LosslessWriter(tmp_path / "a.avi", SIZE_HW, {})
    with pytest.raises(MediaError, match="can't be written"):
        LosslessWriter(tmp_path / "none" / "a.mkv", SIZE_HW, {})
