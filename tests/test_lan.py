"""`studio --lan`: a real studio on this machine's address in the network, and other devices."""

import http.client
import re
import ssl
from contextlib import closing, suppress
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from core.admin.lan import find_addresses
from core.errors import AccessError
from core.live.channel import PATH
from tests.conftest import lacking, wait_until
from tests.support.studio import LOG, studio

UUID = "01234567-89ab-4cde-8f01-23456789abcd"
ANY = ssl._create_unverified_context()
REQUESTS = (
    ("GET", "/"),
    ("GET", "/live"),
    ("GET", "/_stcore/health"),
    ("GET", "/_stcore/host-config"),
    ("GET", "/favicon.png"),
    ("GET", "/media/0123456789abcdef0123456789abcdef.png"),
    ("PUT", f"/_stcore/upload_file/{UUID}/{UUID}"),
    ("DELETE", f"/_stcore/upload_file/{UUID}/{UUID}"),
    ("POST", "/_stcore/agent/interact"),
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("lan")


@pytest.fixture(scope="module")
def here(workspace):
    """The studio's address for this machine."""
    try:
        find_addresses()
    except AccessError as error:
        lacking(str(error), "connect this machine")
    program = ("-m", "core", "studio", "--lan")
    # a header that names an address is not believed, whatever the environment says
    with studio(workspace, {"FORWARDED_ALLOW_IPS": "*"}, program=program, scheme="https") as (
        address,
        _,
    ):
        yield address


@pytest.fixture(scope="module")
def link(here, workspace):
    """What the terminal shows: the address in the network, with a code. A connection to it comes
    from that address, as if from another machine."""
    printed = re.compile(rf"https://{re.escape(find_addresses()[0])}:\d+/\?code=\S+")
    wait_until(lambda: printed.search((workspace / LOG).read_text()))
    return printed.search((workspace / LOG).read_text())[0]


@pytest.fixture(scope="module")
def address(link):
    return link.partition("/?")[0]


@pytest.fixture(scope="module")
def cookie(link, address):
    """The cookie of a device that entered with the terminal's code."""
    status, headers, _ = ask(address, "GET", link.removeprefix(address))
    assert (status, headers["Location"]) == (303, "/")
    return headers["Set-Cookie"].partition(";")[0]


def ask(address, method, path, **headers):
    """The answer's status, headers and text."""
    netloc = urlsplit(address).netloc
    with closing(http.client.HTTPSConnection(netloc, timeout=30, context=ANY)) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode(errors="replace")


def talk(address, path, **headers):
    url = f"{address.replace('https', 'wss', 1)}/{path}"
    return connect(url, additional_headers=headers, ssl=ANY, proxy=None)


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_without_the_code_everything_is_refused(address, method, path):
    for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Cookie": "__Host-mudra-entry=made-up"}):
        status, answer, text = ask(address, method, path, **headers)
        assert status == 403 and "Scan the code" in text and "static" not in text
        assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["_stcore/stream", PATH])
def test_a_connection_needs_the_cookie(address, cookie, path):
    for headers in ({}, {"Cookie": cookie + "x"}):
        with pytest.raises(InvalidStatus, match="403"), talk(address, path, **headers):
            pass
    with suppress(ConnectionClosedError), talk(address, path, Cookie=cookie) as opened:
        assert opened.response.status_code == 101


def test_the_code_lets_in_one_device(link, address, cookie):
    for path in ("/", "/_stcore/health", "/favicon.png"):
        assert ask(address, "GET", path, Cookie=cookie)[0] == 200
    status, headers, text = ask(address, "GET", link.removeprefix(address))
    assert status == 403 and "not valid any more" in text and "Set-Cookie" not in headers


def test_this_machine_enters_without_a_code_and_other_names_are_refused(here, address, cookie):
    assert ask(here, "GET", "/_stcore/health")[0] == 200
    with talk(here, PATH):
        pass
    for name in ("evil.test", "192.168.77.77", "mudra.local"):
        assert ask(here, "GET", "/", Host=name)[0] == 421
        assert ask(address, "GET", "/", Host=name, Cookie=cookie)[0] == 421
    for origin in ("https://evil.test", here):
        assert ask(address, "PUT", "/", Origin=origin, Cookie=cookie)[0] == 403


def test_the_terminal_shows_the_same_as_a_qr_code(link, workspace):
    rows = re.findall("^[█▀▄ ]{30,}$", (workspace / LOG).read_text(), re.MULTILINE)
    halves = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}
    cells = np.array([[halves[sign] for sign in row] for row in rows], np.uint8)
    picture = cells.transpose(0, 2, 1).reshape(-1, cells.shape[1]) * 255
    large = cv2.resize(picture, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    assert cv2.QRCodeDetectorAruco().detectAndDecode(large)[0] == link


def test_the_certificate_is_for_this_address(address, workspace):
    trusted = ssl.create_default_context(cafile=workspace / "lan" / "certificate.pem")
    parts = urlsplit(address)
    with closing(
        http.client.HTTPSConnection(parts.hostname, parts.port, timeout=30, context=trusted)
    ) as connection:
        connection.request("GET", "/")
        assert connection.getresponse().status == 403
