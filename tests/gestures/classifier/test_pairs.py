"""Both hands are learned as one hand is: a real signer's letters, each shown by two hands."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import ModelError
from core.gestures.classifier.augmentation import Augmentation, Symmetries, augment
from core.gestures.classifier.fitting import TrainOptions
from core.gestures.classifier.learner import train
from core.gestures.data import GestureData
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.motion_learner import fit_matcher, predict_motions
from core.gestures.openset.outliers import make_outliers, recombine_fingers
from core.pose.skeletons.table import HANDS_42
from core.training.runs import Run
from tests.support.gesture_samples import gesture_samples
from tests.support.recorded_clips import clips_of, signs_of, surer

_SIGNER = "mir23121992/british-signlanguage"
_LEFT, _RIGHT = slice(0, 21), slice(21, 42)


@pytest.fixture(scope="module")
def letters(shared_data) -> GestureData:
    """Five letters of British finger spelling, ten recordings of each, three frames of each."""
    signs = signs_of(shared_data / "moving", _SIGNER)
    points = np.concatenate([clip[5:20:5].reshape(-1, 42, 2) for clip, _ in signs])
    names, labels = np.unique([sign for _, sign in signs], return_inverse=True)
    takes = np.repeat(np.arange(len(signs)), 3).astype(str)
    source = {"estimator": "mediapipe-both-hands", "skeleton": "hands_42"}
    return gesture_samples(points, np.repeat(labels, 3), names, "signer", takes, **source)


@pytest.fixture(scope="module")
def trained(letters, tmp_path_factory) -> Run:
    run = Run.create(tmp_path_factory.mktemp("pairs"))
    train(letters, run, TrainOptions(epochs=4))
    return run


def test_letters_of_other_recordings_are_read(trained, letters):
    assert len(letters) == 150 and len(letters.gestures) == 5
    figures = next(line for line in trained.records("result"))["figures"]
    assert figures["accuracy"] > 0.95


def test_the_saved_model_reads_pairs_and_refuses_single_hands(trained, letters):
    model = GestureModel.load(trained.path)
    assert model.skeleton is HANDS_42
    answers = model.predict(letters.keypoints, letters.mirrored_view)[0].argmax(1)
    assert (answers == letters.labels).mean() > 0.95
    with pytest.raises(ModelError, match="knows hands_42 keypoints"):
        model.predict(letters.keypoints[:, _RIGHT], letters.mirrored_view)


def test_how_the_hands_lie_to_each_other_counts(trained, letters):
    """The same two hands, one moved five sizes away: no letter any more, for most."""
    model = GestureModel.load(trained.path)
    apart = letters.keypoints.copy()
    size = np.ptp(apart[:, _RIGHT, 1], axis=1)
    apart[:, _LEFT] += 5 * np.stack([-size, -size], 1)[:, None]
    limit = model.rejects_above
    lost = [
        (model.predict(points, letters.mirrored_view)[1] > limit).mean()
        for points in (letters.keypoints, apart)
    ]
    assert lost[0] < 0.1 and lost[1] > 0.5


def test_signs_that_move_are_told_better_by_both_hands_than_by_one(shared_data):
    """A real signer's fifteen, two examples each, the other 120 clips asked."""
    signs, right = signs_of(shared_data / "moving", "kelhuynh/CapstoneProject"), {}
    labels = np.array([label for _, label in signs])
    ways = {"hand_21": surer, "hands_42": lambda clip: clip.reshape(-1, 42, 2)}
    for skeleton, seen in ways.items():
        data = clips_of([seen(clip) for clip, _ in signs], labels, labels, skeleton)
        number = np.array([(data.labels[:n] == label).sum() for n, label in enumerate(data.labels)])
        known, asked = data.take(number < 2), data.take(number >= 2)
        assert (len(known), len(asked)) == (30, 120)
        matcher = fit_matcher("templates", known, TrainOptions(), 1)
        right[skeleton] = (predict_motions(matcher, asked).argmax(1) == asked.labels).mean()
    assert right["hands_42"] > 0.9 and right["hands_42"] > right["hand_21"] + 0.05


def test_a_made_up_pair_has_other_fingers_on_one_hand_or_both_where_these_are(letters):
    points = letters.keypoints - letters.keypoints[:, [0, 21]].mean(1, keepdims=True)
    hosts, donors = points[letters.labels == 0][:20], points[letters.labels == 1][:20]
    made = recombine_fingers(hosts, donors, np.random.default_rng(0), HANDS_42)
    np.testing.assert_allclose(made[:, [0, 21]], hosts[:, [0, 21]], atol=1e-5)  # the wrists
    changed = np.abs(made - hosts).max(2) > 1e-4
    fingers = changed[:, [*range(1, 21), *range(22, 42)]].reshape(20, 2, 5, 4).any(3).sum(2)
    assert fingers.max() == 2 and (fingers.sum(1) > 0).all()  # of each hand none, one or two
    assert {tuple(hands) for hands in fingers > 0} == {(0, 1), (1, 0), (1, 1)}


def test_there_are_some_where_gestures_differ_in_one_hand_alone(letters):
    two = letters.take(letters.labels < 2)
    keypoints = two.keypoints.copy()
    keypoints[:, _RIGHT] = keypoints[0, _RIGHT] - keypoints[0, 21] + keypoints[:, 21:22]
    made = make_outliers(replace(two, keypoints=keypoints), 40, np.random.default_rng(0))
    assert len(made) > 10


@pytest.mark.parametrize("other", [0.0, 5000.0, np.nan])
def test_a_hand_is_jittered_alike_wherever_the_other_is(letters, other):
    """By 2 % of its own length."""
    points = torch.from_numpy(letters.keypoints)
    points = points[points.isfinite().all(2).all(1)]
    points[:, _LEFT] += other
    labels = torch.zeros(len(points), dtype=torch.long)
    meaning = Symmetries.from_gestures(letters.gestures)
    generator, how = torch.Generator().manual_seed(0), Augmentation(jitter=0.02)
    changed, _ = augment(points, labels, how, meaning, generator, letters.feature_set)
    hands = points[:, _RIGHT]
    lengths = (hands - hands[:, :1]).norm(dim=2).amax(1)[:, None, None]
    assert ((changed[:, _RIGHT] - hands) / lengths).std() == pytest.approx(0.02, rel=0.1)


def test_a_pair_that_lacks_a_hand_gets_none_from_nowhere(letters):
    alone = letters.keypoints.copy()
    alone[:, _LEFT] = np.nan
    made = make_outliers(replace(letters, keypoints=alone), 20, np.random.default_rng(0))
    assert np.isnan(made[:, _LEFT]).all()
    assert np.isfinite(made[:, _RIGHT]).all()
