"""What would be sent and whether it is off: read from the configuration, not taken for granted."""

import os
import subprocess
import sys

import numpy as np
import pytest

from core.admin.privacy import describe_access, list_network_clients

LOADED = ("onnxruntime",)
OFF = {"ORT_DISABLE_TELEMETRY": "1"}
CONFIGURED = {"usage_statistics": False, "server_address": "127.0.0.1", "ice_servers": []}


def on(*, environ=OFF, loaded=LOADED, **changed):
    """The libraries that would send something, and what."""
    found = list_network_clients(**(CONFIGURED | changed), environ=environ, loaded=loaded)
    return [f"{one.library} {one.would}" for one in found if not one.is_off]


def test_nothing_is_on_as_mudra_is_configured():
    assert on() == []
    assert on(environ={}, loaded=()) == []  # what is not loaded sends nothing


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"usage_statistics": True}, "which pages and widgets are used"),
        ({"server_address": None}, "checkip.amazonaws.com"),
        ({"ice_servers": None}, "stun.l.google.com"),
        ({"ice_servers": [{"urls": "stun:stun.example.org"}]}, "streamlit-webrtc"),
        ({"environ": {"ORT_DISABLE_TELEMETRY": ""}}, "ONNX Runtime"),
        ({"environ": {"ORT_DISABLE_TELEMETRY": "0"}}, "ONNX Runtime"),
    ],
)
def test_a_setting_that_is_changed_shows(changed, says):
    (line,) = on(**changed)
    assert says in line


def test_in_this_process_the_libraries_are_off_once_they_are_in_use(starter):
    starter.predict(np.ones((1, 21, 2), np.float32), np.array([False]))
    assert set(LOADED) <= set(sys.modules)
    assert on(environ=os.environ, loaded=sys.modules) == []


def test_mediapipe_is_on_until_its_proxy_is_set_and_the_operator_s_stays(weights_folder):
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from core.estimators import create_estimator\n"
        "from core.admin.privacy import list_network_clients\n"
        "about = dict(usage_statistics=False, server_address='127.0.0.1', ice_servers=[])\n"
        "is_off = lambda: list_network_clients(**about, loaded=['mediapipe'])[-1].is_off\n"
        "before = dict(os.environ)\n"
        "assert not is_off()\n"
        "hands = create_estimator('mediapipe-hands', Path(sys.argv[1]), isolated=False)\n"
        "hands.estimate_still(np.zeros((48, 64, 3), np.uint8))\n"
        "assert is_off() and dict(os.environ) == before\n"
        "import urllib.request\n"
        "assert urllib.request.getproxies()['https'] == 'http://proxy.example:3128'\n"
    )
    environ = os.environ | {"https_proxy": "http://proxy.example:3128", "no_proxy": "intranet"}
    arguments = [sys.executable, "-c", code, str(weights_folder)]
    done = subprocess.run(arguments, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("address", "has_login", "words", "not_said"),
    [
        ("127.0.0.1", False, ["Only this machine"], []),
        ("localhost", False, ["Only this machine"], []),
        ("::1", False, ["Only this machine"], []),
        (None, False, ["every address", "delete it", "config.toml"], []),
        ("10.0.0.7", False, ["10.0.0.7", "delete it", "config.toml"], []),
        # the last behind a proxy
        (None, True, ["only their own projects", "Its operator can read"], ["delete it"]),
        ("127.0.0.1", True, ["only their own projects"], ["config.toml", "this machine"]),
    ],
)
def test_who_can_see_the_projects_is_told_by_address_and_login(address, has_login, words, not_said):
    said = describe_access(address, has_login=has_login)
    assert all(word in said for word in words)
    assert not any(word in said for word in not_said)


def test_in_a_network_with_codes_who_scans_one_is_named():
    said = describe_access("0.0.0.0", needs_code=True)
    assert "scan the code" in said and "delete it" in said and "config.toml" not in said
    assert describe_access("0.0.0.0", has_login=True, needs_code=True) == describe_access(
        "0.0.0.0", has_login=True
    )
