"""A net that finds palms in use: places by hand, by a net that sees what is 500 mm deep; the one
that ships on rendered scenes; and what is no such net."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import WeightsError
from core.estimators.palm_net import PalmNetModel, reduced_to
from core.paths import Paths
from tests.support.seeing_net import save_seeing_net


@pytest.fixture(scope="module")
def net(tmp_path_factory) -> PalmNetModel:
    folder = tmp_path_factory.mktemp("palmnet.mine")
    save_seeing_net(folder)
    return PalmNetModel(folder)


def test_a_peak_lies_in_the_middle_of_its_cell_s_pixels(net) -> None:
    # a frame twice the net's size: cell 3, 2 is its pixels 12 to 15, 8 to 11, the frame's 24 to 31,
    # 16 to 23
    frame = np.full((48, 64), 1000, np.float32)
    frame[16:24, 24:32] = 500
    palm = net.find(frame)
    assert palm.uvd == (27.5, 19.5, 500.0)
    assert palm.score == 1.0


def test_a_neighbour_draws_the_peak_to_itself_as_far_as_it_is_high(net) -> None:
    frame = np.full((24, 32), 1000, np.float32)
    frame[8:12, 12:16] = 500
    frame[8:12, 16:20] = 600
    # a third of the way to the next cell, whose middle is 4 px farther
    palm = net.find(frame)
    np.testing.assert_allclose(palm.uvd, (13.5 + 4 / 3, 9.5, 500 + 100 / 3), rtol=1e-6)


def test_a_palm_in_a_corner_is_found(net) -> None:
    frame = np.full((24, 32), 1000, np.float32)
    frame[20:, 28:] = 500
    assert net.find(frame).uvd == (29.5, 21.5, 500.0)


def test_a_part_of_a_frame_has_the_score_of_its_highest_cell(net) -> None:
    frame = np.full((48, 64), 1000, np.float32)
    frame[16:24, 24:32] = 500  # its cell's middle is 27.5, 19.5
    frame[16:24, 40:48] = 600
    assert net.score_in(frame, (20, 10, 30, 20)) == 1.0
    assert net.score_in(frame, (28, 10, 50, 30)) == 0.5
    assert net.score_in(frame, (20, 20, 40, 40)) == 0
    assert net.score_in(frame, (-90, -90, -50, -50)) == 0


def test_an_empty_frame_is_nothing_to_be_sure_of(net) -> None:
    assert net.find(np.zeros((48, 64), np.float32)).score == 0


def test_a_frame_is_reduced_without_a_value_between() -> None:
    frame = np.arange(8 * 12, dtype=np.float32).reshape(8, 12)
    small, scale = reduced_to(frame, (4, 6))
    assert scale == 2
    # pixel 1 of each pair, whose middle is at 0.5
    np.testing.assert_array_equal(small, frame[1::2, 1::2])


def test_a_frame_of_another_shape_stays_in_the_upper_left_corner() -> None:
    wide, scale = reduced_to(np.full((8, 24), 700, np.float32), (4, 6))
    assert scale == 4
    assert (wide[:2] == 700).all() and (wide[2:] == 0).all()
    small, scale = reduced_to(np.full((2, 3), 700, np.float32), (4, 6))
    assert scale == 0.5 and (small == 700).all()


def test_what_is_no_such_net_is_told(tmp_path: Path) -> None:
    for folder in (Paths.shipped_models / "cpm.hand_light", tmp_path):
        with pytest.raises(WeightsError, match=r"not for depth frame|no net in"):
            PalmNetModel(folder)
    save_seeing_net(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"x")
    with pytest.raises(WeightsError, match="was altered"):
        PalmNetModel(tmp_path)
