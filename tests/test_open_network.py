"""What a studio that was started shows to the network: this machine alone, no forged requests."""

import asyncio
import http.client
import os
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from core.modelfiles.browser_files import has_browser_files
from tests.conftest import lacking
from tests.support.page_client import list_components


@pytest.fixture(scope="module")
def port(root, tmp_path_factory):
    """A studio started from another folder, as a desktop's launcher would: its port."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(root / "app.py"),
        "--server.headless",
        "true",
        "--server.port",
        str(port),
    ]
    environment = os.environ | {"MUDRA_WORKSPACE": str(folder)}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet)
    try:
        end = time.monotonic() + 120
        while not _answers(port):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.2)
        yield port
    finally:
        process.kill()
        process.wait()


def _answers(port):
    try:
        return _asked(port, "GET", "/_stcore/health")[0] == 200
    except OSError:
        return False


def _asked(port, method, path, body=None, **headers):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="other systems tell it otherwise")
def test_it_listens_to_this_machine_alone(port):
    listening = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if Path(table).exists():
            rows = [line.split() for line in Path(table).read_text().splitlines()[1:]]
            listening += [row[1] for row in rows if row[3] == "0A"]  # 0A: it waits for callers
    assert [one.split(":")[0] for one in listening if one.endswith(f":{port:04X}")] == ["0100007F"]


@pytest.mark.parametrize(
    ("url", "in_browser"),
    [
        ("https://studio.school.test/", True),
        ("http://192.168.1.7:8501/", True),
        ("http://localhost:8501/", False),
    ],
)
def test_who_comes_by_another_name_than_this_machine_s_finds_keypoints_in_the_browser(
    port, url, in_browser, weights_folder
):
    if not has_browser_files(weights_folder):
        lacking(f"no files for a browser in {weights_folder}", "run `make setup`")

    shown = asyncio.run(list_components(f"http://127.0.0.1:{port}", "live", url))
    assert ("browser_camera" in shown) == in_browser


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_forged_upload_is_refused(port, method):
    status, _ = _asked(port, method, "/_stcore/upload_file/session/file", b"x")
    assert status == 403


def test_a_page_of_another_site_may_not_read_or_talk_to_it(port):
    foreign = {"Origin": "https://evil.test", "Host": f"localhost:{port}"}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/_stcore/health", headers=foreign)
        assert connection.getresponse().getheader("Access-Control-Allow-Origin") is None
    with socket.create_connection(("127.0.0.1", port), timeout=30) as talk:
        talk.sendall(
            f"GET /_stcore/stream HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nOrigin: https://evil.test\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert b" 403 " in talk.recv(1024).split(b"\r\n")[0]


@pytest.mark.parametrize(
    "path", ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/app.py", "/pages/live.py"]
)
def test_no_file_of_the_machine_is_served(port, path):
    _, said = _asked(port, "GET", path)
    assert "root:" not in said and "navigation()" not in said
