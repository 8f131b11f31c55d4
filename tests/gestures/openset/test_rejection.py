"""The rejection score by hand, its threshold, and that unknown hands get a larger one."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.gestures.classifier.augmentation import Augmentation
from core.gestures.classifier.fitting import TrainOptions, fit_all, predict_samples
from core.gestures.classifier.learner import train
from core.gestures.classifier.nets import GestureNet, OpenSetNet, run_net
from core.gestures.data import GestureData
from core.gestures.features import get_feature_set
from core.gestures.labels import DEFAULT_GESTURES, NONE
from core.gestures.modelfile.export import save_model, save_preliminary
from core.gestures.modelfile.gesture_model import GestureModel
from core.gestures.openset.rejection import (
    RejectionHead,
    bound_threshold,
    choose_threshold,
    fit_rejection,
    measure_rejection,
)
from core.training.runs import Run
from tests.gestures.conftest import make_data
from tests.support.gesture_samples import gesture_samples


def with_none(persons: int = 3) -> GestureData:
    """Three gestures and `none` for the fourth."""
    data = make_data(persons=persons, each=6)
    return replace(data, gestures=(*DEFAULT_GESTURES[:3], NONE))


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Run:
    run = Run.create(tmp_path_factory.mktemp("trained"))
    train(with_none(), run, TrainOptions(epochs=4))
    return run


def head_that_says(odds: float, none: int | None) -> RejectionHead:
    """Whatever comes in, its own log-odds are these."""
    head = RejectionHead(2, none, torch.Generator().manual_seed(0))
    for layer in head.layers:
        torch.nn.init.zeros_(layer.weight)
    torch.nn.init.constant_(head.layers[-1].bias, odds)
    return head


@pytest.mark.parametrize(
    ("own", "none", "shares", "odds"),
    [
        (27, 2, [1, 1, 6], 9),  # none has 6 of 8, odds 3 to 1: sqrt(27 · 3) = 9 to 1
        (3, None, [1, 1, 6], 3),
        (1, 0, [6, 1, 1], 3**0.5),
        (1, 0, [1, 1, 6], 7**-0.5),
    ],
)
def test_the_score_is_the_mean_of_two_log_odds_as_a_share(own, none, shares, odds):
    logits = torch.log(torch.tensor([shares], dtype=torch.float32))
    score = head_that_says(float(np.log(own)), none)(torch.zeros(1, 2), logits)
    assert score.tolist() == pytest.approx([odds / (1 + odds)])


def test_the_threshold_lets_96_of_100_pass_each_gesture_counting_alike():
    scores = np.arange(1, 101) / 100
    labels = np.zeros(100, np.int64)
    assert choose_threshold(scores, labels) == pytest.approx(0.96)
    # 300 samples of a second gesture at 0.1 count as much as the 100: 8 of the 100 may be lost
    both = np.concatenate([scores, np.full(300, 0.1)])
    threshold = choose_threshold(both, np.repeat([0, 1], [100, 300]))
    assert threshold == pytest.approx(0.92)


@pytest.mark.parametrize(
    ("chosen", "count", "none", "wanted"),
    [
        (0.03, 5000, True, 0.08),
        (0.15, 5000, True, 0.15),
        (0.9, 100, True, 0.9),
        (0.03, 5, True, 0.08),
        (0.15, 5, True, 0.15),
        (0.9, 99, True, 0.2),
        (0.03, 5000, False, 0.2),
        (0.9, 5, False, 0.5),
    ],
)
def test_a_threshold_stays_where_other_people_do_well(chosen, count, none, wanted):
    assert bound_threshold(chosen, count, none=none) == wanted


def constant_net(data: GestureData, odds: float) -> OpenSetNet:
    """Says the first gesture of every hand, and how unknown by these log-odds alone."""
    net = GestureNet(get_feature_set("hand_21"), len(data.gestures), 8)
    for layer in net.layers:
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    net.layers[-1].bias.data[0] = 5.0
    head = head_that_says(odds, None)
    head.layers[0] = torch.nn.Linear(get_feature_set("hand_21").count, 128)
    torch.nn.init.zeros_(head.layers[0].weight)
    return OpenSetNet(net, head)


def test_shares_are_counted_over_gestures_and_over_none():
    data = with_none(persons=1)
    found = measure_rejection(constant_net(data, -2.0), data, "session")
    assert found.true_accept == found.false_accept == 1.0
    assert found.threshold == pytest.approx(1 / (1 + np.exp(2)))
    assert (found.gestures, found.foreign) == (18, 6)
    assert "other sessions" in found.measured_on and "6 of none" in found.measured_on


def thumb_net(classes: int) -> OpenSetNet:
    """The farther the thumb's first keypoint lies to the right, the more unknown a hand."""
    net = constant_net(with_none(), 0.0)
    net.net.layers[-1] = torch.nn.Linear(4, classes)
    torch.nn.init.constant_(net.net.layers[-1].weight, 0.0)
    torch.nn.init.zeros_(net.head.layers[0].bias)
    net.head.layers[0].weight.data[0, 0] = 1.0  # the first feature is that joint's x
    for layer in net.head.layers[1:]:
        layer.weight.data[0, 0] = 1.0
    return net


def hands_of(thumbs: np.ndarray, persons: list[str], sessions: list[str]) -> GestureData:
    """Upright hands by where their thumb's first keypoint lies; two gestures by turns."""
    hands = np.zeros((len(thumbs), 21, 2), np.float32)
    hands[:, 12, 1], hands[:, 1, 0] = -1, thumbs
    labels = np.arange(len(thumbs)) % 2
    return gesture_samples(hands, labels, DEFAULT_GESTURES[:2], persons, sessions)


LOW, HIGH = np.linspace(0, 0.4, 200), np.linspace(0.5, 0.9, 200)


@pytest.mark.parametrize(
    ("persons", "sessions"),
    [
        (["a"] * 200 + ["b"] * 200, ["s"] * 400),
        (["a"] * 400, ["s"] * 200 + ["t"] * 200),
        (["a"] * 400, ["s"] * 400),
    ],
    ids=["persons", "sessions", "halves"],
)
def test_gestures_are_let_through_by_a_threshold_that_others_chose(persons, sessions):
    data = hands_of(np.concatenate([LOW, HIGH]), persons, sessions)
    found = measure_rejection(thumb_net(2), data, "person")
    assert found.true_accept == 0.5  # the first 200 by the others' threshold all, these none
    last_chosen = 1 / (1 + np.exp(-np.concatenate([LOW, HIGH])[383]))  # 96 % of all: the 384th
    assert found.threshold == pytest.approx(last_chosen, abs=1e-6)
    assert "threshold that the others chose" in found.measured_on


@pytest.mark.parametrize(("people", "bounded_to"), [(6, None), (5, 0.2)])
def test_many_held_out_people_choose_a_threshold_without_bounds(people, bounded_to):
    """All score far under the lower bound of 0.2, which would let every hand of theirs through."""
    thumbs = np.tile(np.linspace(0, 0.9, 50), people)
    names = np.repeat([f"p{n}" for n in range(people)], 50).tolist()
    net = thumb_net(2)
    torch.nn.init.constant_(net.head.layers[-1].bias, -5.0)
    found = measure_rejection(net, hands_of(thumbs, names, names), "person")
    last = np.sort(thumbs)[int(0.96 * len(thumbs)) - 1]  # 96 % of all
    assert found.threshold == pytest.approx(bounded_to or 1 / (1 + np.exp(5 - last)), abs=1e-6)
    assert found.true_accept == pytest.approx(1.0 if bounded_to else 0.96)
    assert ("fixed beforehand" in found.measured_on) == bool(bounded_to)


def test_where_there_are_no_others_a_usual_threshold_stands_for_theirs():
    data = with_none(persons=1)
    one = np.r_[0, np.flatnonzero(data.labels == 3)]
    found = measure_rejection(constant_net(data, -2.0), data.take(one), "tail")
    assert (found.gestures, found.true_accept) == (1, 0.0)  # its 0.12 is above 0.08


def test_without_none_synthetic_outliers_stand_for_unknown_ones():
    data = make_data(persons=1)
    found = measure_rejection(constant_net(data, 2.0), data, "tail")
    # 0.88 of everything, but of 16 samples no threshold above 0.5 is believed
    assert (found.true_accept, found.false_accept, found.threshold) == (0.0, 0.0, 0.5)
    assert (found.gestures, found.score) == (16, "made-up hands") and found.foreign > 100
    assert "made of two" in found.measured_on and "very optimistic" in found.measured_on


def test_the_graph_answers_as_the_net_to_five_places(tmp_path):
    data = with_none()
    data.mirrored_view[::2] = True
    data.keypoints[3, 7] = np.nan
    net = fit_rejection(fit_all(data, TrainOptions(), 2), data, Augmentation(mirror=0.5))
    save_model(net, data, tmp_path, {})
    answers = GestureModel.load(tmp_path).predict(data.keypoints, data.mirrored_view)
    for answer, wanted in zip(answers, run_net(net, data), strict=True):
        np.testing.assert_allclose(answer, wanted, atol=1e-5)


def test_a_training_measures_its_rejection_and_stores_it(trained):
    model = GestureModel.load(trained.path)
    predicted = model.metadata["rejection"]
    assert model.rejects_above == predicted["threshold"] > 0
    # a threshold that lets 95 % of other people's hands through; one of these 18 is 5.6 points
    assert predicted["true_accept"] >= 0.9 and 0 <= predicted["false_accept"] <= 1
    assert "other people" in predicted["measured_on"] and predicted["gestures"] == 18
    assert trained.records("result")[0]["figures"]["rejection"] == predicted


def test_a_random_hand_is_farther_out_of_distribution_than_the_ones_it_learned(trained):
    data, strangers = with_none(), make_data(persons=2, seed=99)
    model = GestureModel.load(trained.path)
    known = model.predict(data.keypoints, data.mirrored_view)[1][data.labels != 3]
    foreign = model.predict(strangers.keypoints, strangers.mirrored_view)[1]
    assert (known <= model.rejects_above).mean() >= 0.95
    assert (foreign > model.rejects_above).mean() >= 0.7


def test_an_early_model_without_rejection_turns_nobody_away(tmp_path):
    data = with_none()
    net = fit_all(data, TrainOptions(), 1)
    save_preliminary(net, data, tmp_path)
    model = GestureModel.load(tmp_path)
    probabilities, rejection = model.predict(data.keypoints, data.mirrored_view)
    assert model.rejects_above == np.inf and not rejection.any()
    np.testing.assert_allclose(probabilities, predict_samples(net, data), atol=1e-5)
