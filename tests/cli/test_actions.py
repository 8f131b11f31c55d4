"""`act`, with a receiver beside it."""

import json

import pytest

from tests.actions.conftest import heard, osc_port
from tests.cli.conftest import invoke, told

pytestmark = pytest.mark.usefixtures("weights_folder")
JSON_S = ("--json", "--seconds")


def test_act_prints_a_line_a_change_and_sends_the_same_by_osc(shared_data):
    video = shared_data / "hand_videos" / "fist.mp4"
    with osc_port() as (receiver, port):
        osc = ("--osc", f"127.0.0.1:{port}")
        done = invoke("act", "-i", video, *JSON_S, 1, *osc, "--websocket", 0)
        assert done.exit_code == 0, done.stderr
        first = json.loads(done.stdout.splitlines()[0])
        assert (first["name"], first["gesture"], first["model"]) == ("fist", 5, "starter")
        assert heard(receiver) == ("/wek/outputs", [5.0])
    assert "ws://127.0.0.1:" in done.stderr and "token=" in done.stderr


def test_without_a_model_every_frame_s_hands_are_told_in_space(shared_data):
    video = shared_data / "hand_videos" / "fist.mp4"
    lines = told("act", "-i", video, *JSON_S, 0.5, "--model", "none", "--joints").splitlines()
    sent = [json.loads(line) for line in lines]
    assert len(sent) > 5 and all(one["origin"] == "hand" for one in sent)
    across = [[x for x, _, _ in one["joints"]] for one in sent]
    spans = [max(xs) - min(xs) for xs in across]
    assert min(spans) > 30 and max(spans) < 250  # a hand's, in mm
    assert sum(one["grab"]["on"] for one in sent) > len(sent) / 2


def test_what_can_not_be_sent_in_any_frame_is_said_once(shared_data):
    video = shared_data / "hand_videos" / "fist.mp4"
    command = ["act", "-i", video, *JSON_S, 0.5, "--model", "none", "--joints"]
    done = invoke(*command, "--osc", "255.255.255.255:12000")
    assert done.exit_code == 0, done.stderr
    assert len(done.stdout.splitlines()) > 5
    assert done.stderr.count("warning: ") == done.stderr.count("could not be sent") == 1


@pytest.mark.parametrize("osc", ["nonsense", "127.0.0.1:0", ":12000", "127.0.0.1:70000"])
def test_an_address_that_is_none_is_wrong_usage(osc):
    assert invoke("act", "--osc", osc).exit_code == 2
