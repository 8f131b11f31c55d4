"""A studio listens to this machine alone, refuses forged requests, and with a login lets strangers
see the log-in page and nothing else."""

import http.client
import json
import os
import re
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from itsdangerous import URLSafeTimedSerializer
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from core.live.channel import PATH
from core.modelfiles.browser_files import has_browser_files
from core.paths import Paths
from core.store import Store
from tests.conftest import lacking, wait_until
from tests.support.studio import ROOT, free_port, studio

SECRET = "a-secret-of-the-proxy"
ENVIRONMENT = {"MUDRA_LOGIN_HEADER": "X-Mudra-User", "MUDRA_LOGIN_SECRET": SECRET}
ANNA, BEN = ({"X-Mudra-User": name, "X-Mudra-Secret": SECRET} for name in ("anna", "ben"))
COOKIE_SECRET = "a-secret-of-the-studio"
AUTH = f"""
[auth]
redirect_uri = "https://mudra.test/class/oauth2callback"
cookie_secret = "{COOKIE_SECRET}"
client_id = "mudra"
client_secret = "what-the-provider-gave"
server_metadata_url = "https://login.test/.well-known/openid-configuration"
"""
UUID = "01234567-89ab-4cde-8f01-23456789abcd"
GUARDED = (
    ("GET", "/_stcore/metrics"),
    ("GET", "/media/0123456789abcdef0123456789abcdef.png"),
    ("PUT", f"/_stcore/upload_file/{UUID}/{UUID}"),
    ("DELETE", f"/_stcore/upload_file/{UUID}/{UUID}"),
    ("POST", "/_stcore/agent/interact"),
    ("GET", "/mudra/camera"),
    ("POST", "/"),
)
OPEN = ("/", "/record", "/_stcore/health", "/_stcore/host-config", "/favicon.png")


@pytest.fixture(scope="module")
def by_proxy(tmp_path_factory):
    """The address of a studio whose proxy logs people in."""
    with studio(tmp_path_factory.mktemp("proxy"), ENVIRONMENT) as (address, _):
        yield address


@pytest.fixture(scope="module")
def by_openid(tmp_path_factory):
    """The address of a studio with OpenID Connect, below a path."""
    home = tmp_path_factory.mktemp("home")
    (home / ".streamlit").mkdir()
    (home / ".streamlit" / "secrets.toml").write_text(AUTH)
    environment = {"HOME": str(home), "STREAMLIT_SERVER_BASE_URL_PATH": "/class"}
    with studio(tmp_path_factory.mktemp("openid"), environment) as (address, _):
        yield address


@pytest.fixture(scope="module")
def without_login(tmp_path_factory):
    """The address of a studio where nobody logs in, with room for 1 MB of uploads."""
    with studio(tmp_path_factory.mktemp("open"), {"MUDRA_UPLOADS_MB": "1"}) as (address, _):
        yield address


def ask(address, method, path, body=None, **headers):
    """The answer's status, headers and text."""
    parts = urlsplit(address)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=30)) as connection:
        connection.request(method, parts.path + path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode(errors="replace")


def cookie_of(subject, secret=COOKIE_SECRET, **claims):
    """What Streamlit sets at a login."""
    user = {"origin": "https://mudra.test", "is_logged_in": True}
    user |= {"iss": "https://login.test", "sub": subject} | claims
    value = create_signed_value(secret, "_streamlit_user", json.dumps(user)).decode()
    return f"_streamlit_user={value}"


class Page:
    """An open page: what the server sent."""

    def __init__(self, talk, name, url):
        self._talk, self.sent, self.session, self.camera_place = talk, b"", "", None
        message = BackMsg()
        message.rerun_script.page_name = name
        message.rerun_script.context_info.url = url
        self._ask(message, _is_finished)

    def _ask(self, message, is_last):
        self._talk.send(message.SerializeToString())
        while True:
            content = self._talk.recv(timeout=60)
            self.sent += content
            said = ForwardMsg.FromString(content)
            self.session = said.new_session.initialize.session_id or self.session
            data = json.loads(said.delta.new_element.bidi_component.json or "{}")
            if data.get("part") == "camera":
                self.camera_place = data["place"]
            if is_last(said):
                return said

    def place_for_upload(self):
        """The path that the server gives for a file."""
        message = BackMsg()
        message.file_urls_request.request_id = "1"
        message.file_urls_request.file_names.append("a.png")
        said = self._ask(message, lambda one: one.WhichOneof("type") == "file_urls_response")
        return said.file_urls_response.file_urls[0].upload_url

    def media(self):
        return re.findall(rb"/media/[0-9a-f]{32}\.[a-z]+", self.sent)[0].decode()


def _is_finished(said):
    is_end = said.WhichOneof("type") == "script_finished"
    return is_end and said.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN


@contextmanager
def opened(address, name="", session="", shown_at="", **headers):
    """A page; `shown_at` is its address in the browser's address bar."""
    url = address.replace("http", "ws", 1) + "/_stcore/stream"
    protocols = ["streamlit", "no-token", session] if session else ["streamlit"]
    options = {"additional_headers": headers, "max_size": 50_000_000, "proxy": None}
    with connect(url, subprotocols=protocols, **options) as talk:
        yield Page(talk, name, shown_at)


def upload(address, path, content=b"x", **headers):
    """PUT a file as a browser's page does; the status."""
    token = re.search("_streamlit_xsrf=([^;]+)", str(ask(address, "GET", "/_stcore/health")[1]))[1]
    cookies = "; ".join(filter(None, (headers.pop("Cookie", ""), f"_streamlit_xsrf={token}")))
    edge = b"--edge"
    body = edge + b'\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n'
    body += content + b"\r\n" + edge + b"--\r\n"
    headers |= {"Cookie": cookies, "X-Xsrftoken": token}
    headers["Content-Type"] = "multipart/form-data; boundary=edge"
    return ask(address, "PUT", path, body, **headers)[0]


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_who_is_not_logged_in_is_refused(by_proxy, by_openid, method, path):
    wrong = ANNA | {"X-Mudra-Secret": "another-secret-than-that"}
    for headers in ({}, wrong, {"X-Mudra-User": "anna"}):
        assert ask(by_proxy, method, path, **headers)[0] == 401
    stale = cookie_of("anna", "another-secret-of-the-studio")
    for cookie in ("", "_streamlit_user=made-up", stale, cookie_of("anna", is_logged_in=False)):
        assert ask(by_openid, method, path, Cookie=cookie)[0] == 401


@pytest.mark.parametrize("path", OPEN)
def test_the_page_s_frame_and_the_health_check_are_open(by_proxy, by_openid, path):
    assert ask(by_proxy, "GET", path)[0] == ask(by_openid, "GET", path)[0] == 200


def test_who_is_logged_in_passes_also_with_a_cookie_in_parts(by_proxy, by_openid):
    assert ask(by_proxy, "GET", "/_stcore/metrics", **ANNA)[0] == 200
    assert ask(by_openid, "GET", "/_stcore/metrics", Cookie=cookie_of("anna"))[0] == 200
    [_, whole] = cookie_of("anna", name="A" * 10).split("=", 1)
    text = URLSafeTimedSerializer(COOKIE_SECRET, salt="_streamlit_user").loads(whole)
    parts = {"_streamlit_user": "chunks-2"}
    parts |= {"_streamlit_user_1": text[:40], "_streamlit_user_2": text[40:]}
    signed = {n: create_signed_value(COOKIE_SECRET, n, v).decode() for n, v in parts.items()}
    cookie = "; ".join(f"{name}={value}" for name, value in signed.items())
    assert ask(by_openid, "GET", "/_stcore/metrics", Cookie=cookie)[0] == 200


def test_uploads_and_media_are_for_the_owner_whose_page_named_them(by_proxy):
    with opened(by_proxy, "export", **ANNA) as page:
        place, media = page.place_for_upload(), page.media()
        assert upload(by_proxy, place, **BEN) == 403
        assert upload(by_proxy, place) == 401
        assert upload(by_proxy, place, **ANNA) == 204
        status, headers, _ = ask(by_proxy, "GET", media, **ANNA)
        assert (status, headers["Cache-Control"]) == (200, "private, no-store")
        assert ask(by_proxy, "GET", media, **BEN)[0] == 403
        assert ask(by_proxy, "GET", media)[0] == 401


def test_a_session_is_gone_on_with_by_its_owner_alone(by_proxy):
    with opened(by_proxy, **ANNA) as page:
        session = page.session
    assert re.fullmatch(UUID.translate(str.maketrans("0123456789abcdef", "." * 16)), session)
    for stranger in (BEN, {}):
        with opened(by_proxy, session=session, **stranger) as page:
            assert page.session != session
    with opened(by_proxy, session=session, **ANNA) as page:
        assert page.session == session


def test_files_for_which_there_is_no_room_are_refused(without_login):
    half = b"x" * 600_000
    with opened(without_login, "files") as page:
        first, second = page.place_for_upload(), page.place_for_upload()
        assert upload(without_login, first, half) == 204
        assert upload(without_login, second, half) == 413


def test_the_camera_s_connection_needs_the_login(by_proxy):
    url = by_proxy.replace("http", "ws", 1) + f"/{PATH}"
    with pytest.raises(InvalidStatus, match="403"), connect(url, proxy=None):
        pass
    with connect(url, additional_headers=ANNA, proxy=None):
        pass


@pytest.mark.parametrize("path", ["_stcore/stream", PATH])
def test_a_message_that_is_too_long_is_refused_before_it_is_read(without_login, path):
    url = without_login.replace("http", "ws", 1) + f"/{path}"
    with connect(url, proxy=None) as talk, pytest.raises(ConnectionClosed):
        talk.send(b"x" * 17_000_000)
        talk.recv(timeout=30)
    assert talk.protocol.close_code in (1009, 1006)  # the latter while it is still being sent


@pytest.mark.parametrize("path", ["/", "/_stcore/health"])
def test_a_name_that_is_not_this_machine_s_is_refused(without_login, path):
    for host in ("evil.test", "evil.test:8501", "localhost.evil.test", "[evil]"):
        status, _, text = ask(without_login, "GET", path, Host=host)
        assert status == 421 and "server.allowedHosts" in text
    for host in ("localhost:8501", "127.0.0.1", "[::1]:8501", "mudra.localhost"):
        assert ask(without_login, "GET", path, Host=host)[0] == 200


def test_the_public_name_and_the_proxy_s_requests_pass_under_any_name(by_openid, by_proxy):
    assert ask(by_openid, "GET", "/", Host="mudra.test")[0] == 200
    assert ask(by_openid, "GET", "/", Host="evil.test")[0] == 421
    assert ask(by_proxy, "GET", "/", Host="mudra.test", **ANNA)[0] == 200


@pytest.mark.parametrize("path", ["_stcore/stream", PATH])
def test_a_page_of_another_port_can_t_connect(without_login, path):
    url = without_login.replace("http", "ws", 1) + f"/{path}"
    for origin in ("http://localhost:5555", "http://127.0.0.1:5555", "null", "http://[x"):
        with pytest.raises(InvalidStatus, match="403"), connect(url, origin=origin, proxy=None):
            pass
    with connect(url, origin=without_login, proxy=None):
        pass
    assert ask(without_login, "PUT", "/", Origin="http://localhost:5555")[0] == 403
    headers = ask(without_login, "GET", "/_stcore/health", Origin="https://evil.test")[1]
    assert headers["Access-Control-Allow-Origin"] is None


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="other systems tell it otherwise")
def test_a_studio_started_from_another_folder_listens_to_this_machine_alone(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    command += ["--server.headless", "true", "--server.port", str(port)]

    def listening():
        tables = [Path(f"/proc/net/{name}") for name in ("tcp", "tcp6")]
        rows = [row.split() for t in tables if t.exists() for row in t.read_text().splitlines()]
        return [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")]

    process = subprocess.Popen(
        command, cwd=tmp_path, env=os.environ | {"MUDRA_WORKSPACE": str(tmp_path)}
    )
    try:
        wait_until(listening, 120)
        assert [one.split(":")[0] for one in listening()] == ["0100007F"]
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://studio.school.test/", "browser"),
        ("http://192.168.1.7:8501/", "browser"),
        ("http://localhost:8501/", "server"),
    ],
)
def test_who_comes_by_another_name_than_this_machine_s_finds_keypoints_in_the_browser(
    without_login, url, place, weights_folder
):
    if not has_browser_files(weights_folder):
        lacking(f"no files for a browser in {weights_folder}", "run `make setup`")
    with opened(without_login, "live", shown_at=url) as page:
        assert page.camera_place == place


@pytest.mark.parametrize(
    ("url", "is_offered"),
    [
        ("https://studio.school.test/", True),
        ("http://192.168.1.7:8501/", False),  # a phone would give no camera
        ("https://localhost:8501/", False),
        ("http://localhost:8501/", False),
    ],
)
def test_a_phone_is_offered_this_address_where_it_can_reach_it_by_https(
    without_login, url, is_offered
):
    with opened(without_login, "", shown_at=url) as page:
        assert (b"Use your phone" in page.sent) is is_offered


def test_a_forged_upload_is_refused_and_no_file_of_the_machine_is_served(without_login):
    for method in ("PUT", "DELETE"):
        assert ask(without_login, method, "/_stcore/upload_file/session/file", b"x")[0] == 403
    for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/app.py", "/pages/live.py"):
        text = ask(without_login, "GET", path)[2]
        assert "root:" not in text and "navigation()" not in text


def test_every_response_says_how_it_may_be_used(without_login):
    for path in ("/", "/_stcore/health", "/favicon.png", "/media/none"):
        headers = ask(without_login, "GET", path)[1]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert headers["Content-Security-Policy"] == "frame-ancestors 'self'"
        assert headers["Referrer-Policy"] == "same-origin"


def test_a_login_that_was_taken_away_refuses_to_start(tmp_path):
    workspace = tmp_path / "workspace"
    with closing(Store(Paths.find(workspace).store, owner="anna")) as store:
        store.create_project("Secret")
    command = [sys.executable, "-m", "core", "studio", "--port", "0"]
    environment = os.environ | {"MUDRA_WORKSPACE": str(workspace), "MUDRA_DATABASE": ""}
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert "The studio was not started: people logged in to this studio before" in said
    assert "MUDRA_WITHOUT_LOGIN=1" in said and "Traceback" not in said
