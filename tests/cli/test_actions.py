"""`act` as a program of its own, with a receiver beside it."""

import json
import socket
import subprocess
import sys

import pytest
from pythonosc.osc_message import OscMessage

pytestmark = pytest.mark.usefixtures("weights_folder")


def test_act_prints_a_line_a_change_and_sends_the_same_by_osc(root, shared_data):
    video = shared_data / "hand_videos" / "fist.mp4"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        osc = f"127.0.0.1:{receiver.getsockname()[1]}"
        command = [
            sys.executable,
            "-m",
            "core",
            "act",
            "-i",
            str(video),
            "--seconds",
            "1",
            "--osc",
            osc,
            "--websocket",
            "0",
            "--json",
        ]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        first = json.loads(done.stdout.splitlines()[0])
        assert (first["name"], first["gesture"], first["model"]) == ("fist", 5, "starter")
        sent = OscMessage(receiver.recv(2000))
    assert (sent.address, sent.params) == ("/wek/outputs", [5.0])
    assert "ws://127.0.0.1:" in done.stderr and "token=" in done.stderr


def test_without_a_model_every_frame_s_hands_are_told_in_space(root, shared_data):
    video = shared_data / "hand_videos" / "fist.mp4"
    command = [sys.executable, "-m", "core", "act", "-i", str(video), "--seconds", "0.5"]
    command += ["--model", "none", "--joints", "--json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) > 5 and all(one["origin"] == "hand" for one in told)
    across = [[x for x, _, _ in one["joints"]] for one in told]
    spans = [max(xs) - min(xs) for xs in across]
    assert min(spans) > 30 and max(spans) < 250  # a hand's, in mm
    assert sum(one["grab"]["on"] for one in told) > len(told) / 2


def test_what_can_not_be_sent_in_any_frame_is_said_once(root, shared_data):
    video = shared_data / "hand_videos" / "fist.mp4"
    command = [sys.executable, "-m", "core", "act", "-i", str(video), "--seconds", "0.5"]
    command += ["--model", "none", "--joints", "--json", "--osc", "255.255.255.255:12000"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 5
    assert done.stderr.count("warning: ") == done.stderr.count("could not be sent") == 1


@pytest.mark.parametrize("osc", ["nonsense", "127.0.0.1:0", ":12000", "127.0.0.1:70000"])
def test_an_address_that_is_none_is_wrong_usage(osc):
    from typer.testing import CliRunner

    from core.cli import app

    done = CliRunner().invoke(app, ["act", "--osc", osc])
    assert done.exit_code == 2
