"""What a hand's features are, and what the shipped model says of them, stays as it is.

`starter_answers.npz` holds seventeen drawn hands (the gestures, turned, seen mirrored, one between
☝ and 👈, a V, a missing keypoint, all keypoints in one place, noise) with the features of version 1
and the model's answers. Who changes one of these on purpose raises the version, ships another
model, and stores both anew.
"""

from pathlib import Path

import numpy as np
import pytest

from core.gestures.features import get_feature_set

features = get_feature_set("hand_21")


@pytest.fixture(scope="module")
def stored() -> dict[str, np.ndarray]:
    with np.load(Path(__file__).with_name("starter_answers.npz")) as file:
        return dict(file)


def test_the_features_of_version_1_stay_bit_for_bit(stored):
    assert features.version == 1
    found = features(stored["keypoints"], stored["mirrored_view"])
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, stored["features"])


def test_the_shipped_model_s_answers_stay(starter, stored):
    probabilities, rejection = starter.predict(stored["keypoints"], stored["mirrored_view"])
    # a processor's own order of adding up may show in the last places
    np.testing.assert_allclose(probabilities, stored["probabilities"], atol=1e-5)
    np.testing.assert_allclose(rejection, stored["rejection"], atol=1e-5)
