"""Nothing leaves the machine: the real server and a real browser, every address they speak to.

The server's Python sockets are recorded by an audit hook in its process and refused beyond this
machine; the sockets that native libraries open are looked up in /proc while it runs.
"""

import ipaddress
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from pages.panels.navigation import SECTIONS
from tests.browser.conftest import WAIT_MS, settled
from tests.support.studio import flags, start_camera, studio

NAMES = [name for names in SECTIONS.values() for name in names]
MDNS = ("224.0.0.251", "ff02::fb")  # browsers hide their address behind a .local name
HOOK = """
import ipaddress, os, sys

def mine(host):
    try:
        address = ipaddress.ip_address(str(host).split("%")[0])
    except ValueError:
        return host in ("localhost", "", None)
    return address.is_loopback or str(address) in os.environ["MUDRA_MINE"].split(",")

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not mine(host):
        with open(os.environ["MUDRA_SOCKETS"], "a") as log:
            log.write(f"{event} {host}\\n")
        raise OSError(101, "Network is unreachable")

sys.addaudithook(watch)
"""


def own_addresses() -> set[str]:
    """This machine's addresses, and where browsers look for one another by name."""
    import ifaddr

    ips = (ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips)
    return {ip if isinstance(ip, str) else ip[0] for ip in ips} | {*MDNS, "0.0.0.0", "::"}


class Sockets:
    """Remote addresses of a process's TCP and UDP sockets, looked up again and again."""

    def __init__(self, pid: int) -> None:
        self.seen: set[tuple[str, int]] = set()
        self._pid, self._end = pid, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> set[tuple[str, int]]:
        self._end.set()
        self._thread.join()
        return self.seen

    def _watch(self) -> None:
        while not self._end.wait(0.05):
            try:
                self._look()
            except OSError:  # the process ends
                return

    def _look(self) -> None:
        base = Path(f"/proc/{self._pid}")
        mine = set()
        for link in (base / "fd").iterdir():
            try:
                mine.add(str(link.readlink()))
            except OSError:
                continue
        for table in ("tcp", "tcp6", "udp", "udp6"):
            for line in (base / "net" / table).read_text().splitlines()[1:]:
                cells = line.split()
                if f"socket:[{cells[9]}]" in mine:
                    self.seen.add(_remote(cells[2]))


def _remote(cell: str) -> tuple[str, int]:
    """“0100007F:1F90” → ("127.0.0.1", 8080)."""
    host, port = cell.split(":")
    words = [bytes.fromhex(host[i : i + 8])[::-1] for i in range(0, len(host), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address), int(port, 16)


def test_a_remote_address_is_read_from_proc():
    assert _remote("0100007F:1F90") == ("127.0.0.1", 8080)
    assert _remote("0000000000000000FFFF00000100007F:0050") == ("127.0.0.1", 80)


def test_the_hook_records_and_refuses(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    code = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    environment = watched(tmp_path)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert done.returncode == 1 and b"unreachable" in done.stderr
    assert "192.0.2.1" in (tmp_path / "sockets.txt").read_text()


def test_mediapipe_s_reports_go_where_nobody_listens(weights_folder, shared_data):
    """Here somebody listens: the report comes to the proxy that Mudra sets, and nowhere else."""
    photo = next((shared_data / "hand_images" / "didi" / "ok").iterdir())
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from core.estimators import landmarkers\n"
        "from core.estimators.mediapipe_hands import MediapipeHands\n"
        "from core.media.pictures import read_picture\n"
        "assert landmarkers.CLOSED_PROXY == 'http://127.0.0.1:9'\n"
        "landmarkers.CLOSED_PROXY = sys.argv[1]\n"
        "with MediapipeHands(Path(sys.argv[2]), isolated=False) as hands:\n"
        "    hands.estimate_still(read_picture(Path(sys.argv[3])))\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(60)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        arguments = [sys.executable, "-c", code, address, str(weights_folder), str(photo)]
        with subprocess.Popen(arguments, stderr=subprocess.DEVNULL) as child:
            asked, _ = proxy.accept()
            with asked:
                assert asked.recv(300).startswith(b"CONNECT play.googleapis.com:443")
        assert child.returncode == 0


def watched(folder: Path) -> dict[str, str]:
    """The environment of a process whose Python sockets are recorded."""
    return os.environ | {
        "PYTHONPATH": str(folder),
        "MUDRA_SOCKETS": str(folder / "sockets.txt"),
        "MUDRA_MINE": ",".join(sorted(own_addresses())),
        "MUDRA_WORKSPACE": str(folder / "workspace"),
    }


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.usefixtures("weights_folder")
@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="reads Linux's /proc")
def test_nothing_leaves_while_pages_are_opened_and_the_camera_runs(open_browser, film, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    (tmp_path / "sockets.txt").touch()
    with studio(tmp_path / "workspace", watched(tmp_path)) as (address, server):
        sockets = Sockets(server.pid)
        try:
            asked = visit(open_browser(*flags(film)), address)
        finally:
            seen = sockets.stop()
    assert (tmp_path / "sockets.txt").read_text() == ""
    mine = own_addresses()
    strangers = {(host, at) for host, at in seen if host not in mine and at != 0}
    assert strangers == set()
    assert {url for url in asked if urlsplit(address).netloc not in url} == set()


def visit(browser: Browser, address: str) -> set[str]:
    """Open every page, run the camera; what the browser asked for beyond its own memory."""
    asked: set[str] = set()
    page = browser.new_context(permissions=["camera"]).new_page()
    page.set_default_timeout(WAIT_MS)
    page.on("request", lambda request: asked.add(request.url))
    page.on("websocket", lambda channel: asked.add(channel.url))
    try:
        for name in NAMES:
            page.goto(f"{address}/{name.lower() if name != 'Studio' else ''}")
            expect(page.locator("h1").first).to_be_visible()
            settled(page)
            expect(page.get_by_test_id("stException")).to_have_count(0)
        page.goto(f"{address}/record")
        start_camera(page)
        page.wait_for_timeout(3000)
    finally:
        page.context.close()
    return {url for url in asked if not url.startswith(("data:", "blob:"))}
