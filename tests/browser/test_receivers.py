"""The receivers of docs/actions.md, run as they stand there: Python's as a program, JavaScript's in
Chromium, where pages from elsewhere stay outside."""

import re
import socket
import subprocess
import sys
import threading
import time
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from core.actions.changes import Change
from core.actions.osc import OscOut
from core.actions.websocket import WebSocketOut, new_token
from core.gestures.labels import DEFAULT_GESTURES

ACTIONS = Path(__file__).resolve().parents[2] / "docs" / "actions.md"
OPEN_PALM = Change(1.0, DEFAULT_GESTURES[7], 8, 0.965, "Left", "Demo", "starter")


def example(language, holding):
    """The document's one block in a language that holds a text."""
    text = ACTIONS.read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    [block] = [block for block in blocks if holding in block]
    return block


def test_the_python_receiver_prints_what_is_sent():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = example("python", "pythonosc").replace("12000", str(port))
    receiver = subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    out, said = OscOut(port=port), []
    reader = threading.Thread(target=lambda: said.extend(receiver.stdout))
    reader.start()
    try:
        end = time.monotonic() + 20
        while not len(said) >= 2 and time.monotonic() < end:  # UDP: until it listens
            out.send(OPEN_PALM)
            time.sleep(0.1)
    finally:
        receiver.kill()
        receiver.wait(5)
        reader.join(5)
        receiver.stdout.close()
        out.close()
    assert said[:2] == ["class 8\n", "Left ✋ open_palm 96%\n"]


class Page(SimpleHTTPRequestHandler):
    """An empty page at every address."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    """An empty site of another port; its origin."""
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.browser
def test_the_javascript_receiver_hears_in_a_page_that_was_named_and_in_no_other(open_browser, site):
    token = new_token()
    out = WebSocketOut(token, 0, origins=(site,))
    code = example("js", "new WebSocket").replace("8765/?token=…", f"{out.port}/?token={token}")
    said = []
    context = open_browser("--no-sandbox", "--disable-gpu").new_context()
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.goto(site.replace("127.0.0.1", "localhost"))
    with page.expect_console_message(lambda m: "403" in m.text):
        page.add_script_tag(content=code)
    assert out.clients == 0
    page.goto(site)
    said.clear()
    page.add_script_tag(content=code)
    end = time.monotonic() + 10
    while out.clients == 0 and time.monotonic() < end:
        page.wait_for_timeout(20)
    with page.expect_console_message(lambda m: "open_palm" in m.text):
        out.send(OPEN_PALM)
    context.close()
    out.close(wait=True)
    assert said == ["Left ✋ open_palm"]
