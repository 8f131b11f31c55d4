"""What the browser reports becomes one explanation with one fix."""

import pytest

from core.recording.camera_help import CAMERA_PROBLEMS, INSECURE, diagnose_camera

FINE = {"secure": True, "cameras": 1, "permission": "granted", "tried": True, "error": ""}
HERE = "http://localhost:9000"


def test_a_camera_that_opened_works_and_one_that_was_not_tried_yet_asks_for_the_test():
    assert diagnose_camera(FINE, HERE).kind == "ok"
    advice = diagnose_camera(FINE | {"tried": False, "permission": "prompt"}, HERE)
    assert advice.kind == "wait" and "Test the camera" in advice.fix


@pytest.mark.parametrize(
    ("error", "what", "fix"),
    [
        ("NotAllowedError", "not allowed to use the camera", "allow the camera and reload"),
        ("NotFoundError", "No camera was found", "Plug a camera in"),
        ("NotReadableError", "in use or does not answer", "Close the program that is using it"),
        ("<b>SomethingNew</b>", "could not be opened", "try another one"),
        (["odd"], "could not be opened", "try another one"),
    ],
)
def test_each_error_has_its_own_words_and_fix(error, what, fix):
    advice = diagnose_camera(FINE | {"error": error}, HERE)
    assert advice.kind == "trouble"
    assert what in advice.problem and fix in advice.fix
    assert "<" not in advice.problem + advice.fix


@pytest.mark.parametrize(
    ("report", "what"),
    [
        ({"secure": False, "cameras": None, "tried": True, "error": ""}, "address is not secure"),
        (FINE | {"tried": False, "permission": "denied"}, "not allowed to use the camera"),
        (FINE | {"tried": False, "cameras": 0}, "No camera was found"),
    ],
)
def test_trouble_is_seen_before_the_test_too(report, what):
    assert what in diagnose_camera(report, HERE).problem


def test_the_way_to_a_secure_address_names_the_studio_s_own():
    advice = diagnose_camera({"secure": False}, HERE)
    assert f"open Mudra at {HERE} on the machine that runs it" in advice.fix
    assert CAMERA_PROBLEMS[INSECURE].text(HERE) == f"{advice.problem} {advice.fix}"
