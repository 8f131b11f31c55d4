"""Learning gestures that move: by examples or by a net, saved as one graph that answers alike."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import ModelError, TrainingError
from core.gestures.classifier.fitting import TrainOptions
from core.gestures.classifier.learner import train
from core.gestures.evaluation.leave_one_out import leave_one_person_out
from core.gestures.evaluation.protocol import Part, Protocol
from core.gestures.evaluation.validation import split_motions
from core.gestures.labels import GestureLabel
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.motion.motion_learner import fit_templates, predict_motions
from core.gestures.motion.motion_net import compute_sampling_weights, fit_motion_net
from core.training.background import Stop
from core.training.runs import Run
from tests.support.gesture_samples import gesture_samples

NAMES = ("swipe_right", "swipe_left", "clockwise")
QUICK = TrainOptions(epochs=1)


def make_motions(each: int, persons: int = 2, skeleton: str = "fingertip_1", joints: int = 1):
    """Swipes and circles of so many performances a gesture and person, each a recording."""
    rng, t = np.random.default_rng(0), np.linspace(0, 1, 16)
    ways = np.stack([[t, 0 * t], [-t, 0 * t], [np.cos(6 * t), np.sin(6 * t)]]).transpose(0, 2, 1)
    n = each * persons * 3
    labels, person = np.arange(n) % 3, np.arange(n) // 3 % persons
    shape = rng.normal(0, 0.1, (1, 1, joints, 2)) if joints > 1 else 0.0
    clips = 0.3 * ways[labels][:, :, None] + rng.normal(0, 0.01, (n, 16, joints, 2)) + shape
    persons, sessions = [f"p{p}" for p in person], [f"s{p}" for p in person]
    takes = [f"b{i}" for i in range(n)]
    return gesture_samples(clips, labels, NAMES, persons, sessions, takes, skeleton=skeleton)


@pytest.mark.parametrize(
    ("each", "joints", "skeleton", "by"),
    [
        (2, 1, "fingertip_1", "templates"),
        (2, 21, "hand_21", "templates"),
        (12, 1, "fingertip_1", "net"),
    ],
)
def test_few_examples_are_compared_with_and_many_teach_a_net(tmp_path, each, joints, skeleton, by):
    data = make_motions(each, skeleton=skeleton, joints=joints)
    run = Run.create(tmp_path)
    result = train(data, run, QUICK)
    assert result.protocol.split == "person" and result.accuracy > 0.8
    model = GestureModel.load(run.path)
    assert model.metadata["matcher"] == by and model.metadata["kind"] == "moving"
    assert model.shape == (16, joints, 2) and model.steps == 16
    found = model.predict(data.keypoints, data.mirrored_view)[0]
    assert (found.argmax(1) == data.labels).mean() > 0.8
    with pytest.raises(ModelError, match=rf"\(N, 16, {joints}, 2\)"):  # no single frames
        model.predict(data.keypoints[:, 0], data.mirrored_view)
    compared = model.metadata["compared"]  # no choice where there are too few for a net
    assert {*compared} == ({"net", "templates"} if by == "net" else set())
    chosen = {"epochs": Part.FIXED, "matcher": Part.TRAINING if compared else Part.FIXED}
    assert Protocol.from_dict(model.metadata) == Protocol("person", chosen)


def test_net_or_templates_are_chosen_without_the_samples_that_they_are_measured_on(tmp_path):
    data, stop = make_motions(12), Stop()
    stop.set()  # so that nothing is fitted again on all samples
    split = split_motions(data)
    spoiled, noise = data.keypoints.copy(), np.random.default_rng(1)
    spoiled[split.validation] = noise.normal(size=spoiled[split.validation].shape)
    found = [
        train(one, Run.create(tmp_path), QUICK, stop=stop)
        for one in (data, replace(data, keypoints=spoiled))
    ]
    assert found[0].figures["accuracy"] > 0.8 > found[1].figures["accuracy"]
    assert found[0].matcher == found[1].matcher
    assert [one.protocol.chosen["matcher"] for one in found] == [Part.TRAINING] * 2


def test_no_recording_is_on_both_sides_and_what_one_person_shows_is_not_judged():
    data = make_motions(6, persons=4)
    data = data.take(~((data.labels == 2) & (data.persons != "p0")))  # circles of one person alone
    split = split_motions(data)
    assert split.kind == "person"
    assert not {*data.persons[split.train]} & {*data.persons[split.validation]}
    assert 2 not in data.labels[split.validation]


def test_a_gesture_of_a_single_performance_is_learned_and_not_judged(tmp_path):
    data = make_motions(4)
    data = data.take((data.labels < 2) | (np.arange(len(data)) == 2))
    run = Run.create(tmp_path)
    assert train(data, run, QUICK).accuracy > 0.8
    found = GestureModel.load(run.path).predict(data.keypoints[2:3], np.zeros(1, bool))[0]
    assert found.argmax() == 2


def test_recordings_are_held_out_where_there_is_one_person():
    data = make_motions(6, persons=1)
    split = split_motions(data)
    assert split.kind == "burst" and {*data.labels[split.validation]} == {0, 1, 2}
    assert not {*data.recordings[split.train]} & {*data.recordings[split.validation]}


def test_each_person_is_left_out_once():
    found = leave_one_person_out(make_motions(2, persons=3), QUICK, 1)
    assert [*found] == ["p0", "p1", "p2"] and all(one["accuracy"] > 0.8 for one in found.values())


def test_classifiers_of_still_gestures_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="knn"):
        train(make_motions(2), Run.create(tmp_path), TrainOptions("knn"))


def test_a_gesture_that_one_of_five_people_recorded_is_as_probable_as_one_that_all_did():
    """Both gestures look the same here, so that nothing but the prior tells them apart."""
    swipes = make_motions(10, persons=6)
    swipes = swipes.take(swipes.labels == 0)
    labels = np.where(swipes.persons == "p5", 1, 0)
    data = replace(swipes, labels=labels, gestures=swipes.gestures[:2])
    net = fit_motion_net(data, TrainOptions(), epochs=2)
    assert 0.4 < predict_motions(net, data)[:, 1].mean() < 0.6


def test_each_person_s_windows_of_a_gesture_are_drawn_as_often_as_another_s():
    """By hand: two of p0 and eight of p1 are five in the mean, a half of each of two people; one
    of p1 is one."""
    data = make_motions(11, persons=1).take(np.arange(11))
    persons = np.r_[["p0"] * 2, ["p1"] * 9]
    data = replace(data, labels=np.r_[np.zeros(10, int), 1], persons=persons)
    weights = compute_sampling_weights(data)
    np.testing.assert_allclose(weights[:2], np.sqrt(5) / 2 / 2)
    np.testing.assert_allclose(weights[2:10], np.sqrt(5) / 2 / 8)
    assert weights[10] == 1


def test_examples_of_none_are_kept_with_their_parts_but_not_beside_a_net():
    data = make_motions(2)
    data = replace(data, gestures=(*data.gestures[:2], GestureLabel("none")))
    own = int((data.labels == 2).sum())
    assert len(fit_templates(data).bank) == len(data) + 4 * own
    assert len(fit_templates(data, parts=False).bank) == len(data)
