"""What a top-down net sees of a person, computed by hand, and that pixels go where points go."""

import numpy as np
import pytest

from core.pose.boxes import Box
from core.pose.crops import PersonView

INPUT_HW = (256, 192)


def points(*xy: tuple[float, float]) -> np.ndarray:
    return np.array(xy, np.float32)


def test_a_narrow_box_is_widened_to_the_inputs_shape_and_padded() -> None:
    view = PersonView.from_box(Box.from_xywh(100, 40, 60, 160), INPUT_HW)
    # 160 high wants 120 wide; with padding 200 x 150 round (130, 120): 0.78125 px an input pixel
    corners = view.to_picture(points((0, 0), (192, 256), (96, 128)))
    assert corners.tolist() == [[55, 20], [205, 220], [130, 120]]
    wide = PersonView.from_box(Box.from_xywh(100, 40, 300, 80), INPUT_HW)
    # 300 wide wants 400 high; with padding 500 x 375 round (250, 80)
    assert wide.to_picture(points((0, 0), (192, 256))).tolist() == [[62.5, -170], [437.5, 330]]


def test_ends_may_be_laid_on_the_centres_of_the_first_and_the_last_pixel() -> None:
    view = PersonView.from_box(Box.from_xywh(100, 40, 60, 160), INPUT_HW, ends="centres")
    corners = view.to_picture(points((0, 0), (191, 255), (95.5, 127.5)))
    np.testing.assert_allclose(corners, [[55, 20], [205, 220], [130, 120]], atol=1e-4)


def test_a_turn_is_clockwise_as_one_sees_it() -> None:
    # a square of 64 round (50, 30), seen 1:1
    view = PersonView.from_box(Box.from_xywh(18, -2, 64, 64), (64, 64), padding=1, rotation_deg=90)
    # what is right of the middle in the picture is below it in the input
    np.testing.assert_allclose(view.to_input(points((60, 30))), [[32, 42]], atol=1e-4)


def spot_of(picture: np.ndarray) -> tuple[float, float]:
    """The middle of the light, x, y."""
    light = picture[..., 1].astype(np.float64)
    rows, columns = np.indices(light.shape)
    return (columns * light).sum() / light.sum(), (rows * light).sum() / light.sum()


@pytest.mark.parametrize("rotation_deg", [0, 30])
@pytest.mark.parametrize("ends", ["edges", "centres"])
def test_a_spot_is_cut_out_where_its_point_goes(ends, rotation_deg) -> None:  # type: ignore[no-untyped-def]
    picture = np.zeros((150, 220, 3), np.uint8)
    picture[60:65, 120:125] = 255  # round (122, 62)
    box = Box(90, 20, 150, 110)
    view = PersonView.from_box(box, (128, 96), rotation_deg=rotation_deg, ends=ends)
    crop = view.cut(picture)
    assert crop.shape == (128, 96, 3)
    some = points((0, 0), (95, 3.5), (-20, 200))
    np.testing.assert_allclose(view.to_input(view.to_picture(some)), some, atol=1e-3)
    assert spot_of(crop) == pytest.approx(tuple(view.to_input(points((122, 62)))[0]), abs=0.1)


def test_beyond_the_picture_it_is_black() -> None:
    crop = PersonView.from_box(Box.from_xywh(-20, 0, 40, 30), (32, 32)).cut(
        np.full((30, 50, 3), 200, np.uint8)
    )
    assert not crop[:, :8].any() and crop[16, 20].tolist() == [200, 200, 200]
