"""Detection in streams by the contests' definitions, on spans counted by hand."""

import pytest

from core.gestures.evaluation.detection import detection_figures


def test_a_gesture_is_detected_when_an_event_of_its_name_covers_more_than_half_of_it():
    made = [("wave", 0, 10), ("tap", 20, 30), ("wave", 40, 50)]
    found = [("wave", 4, 12), ("tap", 25, 35), ("tap", 41, 50)]  # 6 of 10; half; another name
    figures = detection_figures([(made, found)])
    assert figures["gestures"] == 3 and figures["detection_rate"] == pytest.approx(1 / 3)
    assert figures["false_positives"] == pytest.approx(2 / 3)
    assert figures["hits"] == [(0, 0, 0)] and figures["per_gesture"] == {"tap": 0.0, "wave": 0.5}


def test_a_second_event_of_the_same_gesture_is_a_false_positive():
    made, found = [("wave", 0, 20)], [("wave", 0, 11), ("wave", 6, 20)]
    figures = detection_figures([(made, found)])
    assert figures["detection_rate"] == 1 and figures["false_positives"] == 1
    assert figures["hits"] == [(0, 0, 1)]  # that which covers most of it is the one


def test_an_event_answers_for_one_gesture():
    figures = detection_figures([([("wave", 0, 10), ("wave", 12, 22)], [("wave", 0, 22)])])
    assert figures["detection_rate"] == 0.5 and figures["false_positives"] == 0


def test_jaccard_is_the_common_time_by_the_time_of_either_mean_over_the_names():
    one = [("wave", 0, 10)], [("wave", 5, 15)]  # 5 of 15
    other = [("wave", 0, 10), ("tap", 20, 30)], [("wave", 0, 10)]  # 10 of 10, 0 of 10
    assert detection_figures([one, other])["jaccard"] == pytest.approx((15 / 25 + 0) / 2)


def test_streams_without_gestures_have_no_shares():
    figures = detection_figures([([], [])])
    assert figures["detection_rate"] is None and figures["jaccard"] is None
