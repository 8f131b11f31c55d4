"""A rendered film: a hand that moves a little from frame to frame, and its truth."""

import numpy as np
import pytest

from core.errors import MediaError
from core.lab.renderer.film import RenderedFilm


def test_the_hand_moves_smoothly_and_the_last_frame_leads_to_the_first():
    film = RenderedFilm(count=30)
    truths = np.stack([frame.truth_mm for frame in film])
    assert truths.shape == (30, 21, 3)
    steps = np.linalg.norm(np.roll(truths, -1, axis=0) - truths, axis=-1)
    assert steps.mean() > 0.5 and steps.max() < 60  # mm; a third of the frames of the whole film


def test_a_frame_is_the_same_whenever_it_is_read_and_none_follows_the_last():
    film = RenderedFilm("nyu_14")
    np.testing.assert_array_equal(film.read(7).depth_mm, RenderedFilm().read(7).depth_mm)
    assert film.read(7).truth_mm.shape == (14, 3)
    with pytest.raises(MediaError, match="0 to 89"):
        film.read(90)
