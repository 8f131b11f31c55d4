"""A stream's frames and pictures are each other's, in the colours that PyAV gives them."""

import av
import cv2
import numpy as np
import pytest

from core.media.pictures import read_picture
from core.media.videos import decode_stream_frame, encode_stream_frame


@pytest.fixture(scope="module")
def photo(shared_data):
    folder = shared_data / "hand_images" / "emrecandir" / "thumbs_up"
    return cv2.resize(read_picture(min(folder.iterdir())), (320, 200))


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
