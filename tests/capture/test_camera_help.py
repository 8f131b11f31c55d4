"""What the browser reports becomes one explanation with one mend."""

import pytest

from core.capture.camera_help import INSECURE, TROUBLES, UNKNOWN, advice_on

FINE = {"secure": True, "cameras": 1, "permission": "granted", "tried": True, "error": ""}


def test_a_camera_that_opened_works():
    assert advice_on(FINE).kind == "ok"


def test_a_camera_that_was_not_tried_yet_asks_for_the_test():
    advice = advice_on(FINE | {"tried": False, "permission": "prompt"})
    assert advice.kind == "wait" and "Test the camera" in advice.mend


@pytest.mark.parametrize("name", sorted(TROUBLES.keys() - {INSECURE, UNKNOWN}))
def test_each_error_has_its_own_words_and_mend(name):
    advice = advice_on(FINE | {"error": name})
    assert advice.kind == "trouble"
    assert (advice.what, advice.mend) == (f"{TROUBLES[name].what}.", TROUBLES[name].mend)
    assert sum(advice.what.startswith(t.what) for t in TROUBLES.values()) == 1


@pytest.mark.parametrize(
    ("report", "name"),
    [
        ({"secure": False, "cameras": None, "tried": True, "error": ""}, INSECURE),
        (FINE | {"tried": False, "permission": "denied"}, "NotAllowedError"),
        (FINE | {"tried": False, "cameras": 0}, "NotFoundError"),
        (FINE | {"error": "<b>SomethingNew</b>"}, UNKNOWN),
        (FINE | {"error": ["odd"]}, UNKNOWN),
    ],
)
def test_trouble_is_seen_before_the_test_too_and_strange_reports_stay_text(report, name):
    advice = advice_on(report)
    assert advice.what == f"{TROUBLES[name].what}."
    assert "<" not in advice.what + advice.mend


def test_every_mend_is_one_sentence():
    for trouble in TROUBLES.values():
        assert trouble.mend.endswith(".") and ". " not in trouble.mend
