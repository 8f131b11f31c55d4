"""The studio as a class uses it: behind Caddy with HTTPS and a login, on PostgreSQL, in Chromium.

The configuration is the one of `deploy/`; Debian's package `caddy` is needed.
"""

import shutil
import subprocess
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from core.store import Store
from tests.browser.conftest import begin_hold, kept, reads, start_in_browser
from tests.conftest import wait_until
from tests.pages.conftest import record
from tests.support.studio import ROOT, flags, free_port, studio

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.usefixtures("browser_files"),
    pytest.mark.skipif(not shutil.which("caddy"), reason="apt-get install caddy"),
]
HOST, SECRET = "studio.test", "a-secret-of-the-proxy"
PATIENT_MS = 90_000  # bcrypt alone takes a second of a busy core


@pytest.fixture(scope="module")
def direct(workspace, postgresql_server):
    """The studio's own address, which in earnest only the proxy reaches."""
    environment = {
        "MUDRA_DATABASE": postgresql_server,
        "MUDRA_LOGIN_HEADER": "X-Mudra-User",
        "MUDRA_LOGIN_SECRET": SECRET,
    }
    with studio(workspace, environment) as (address, _):
        yield address


@pytest.fixture(scope="module")
def proxy(direct, tmp_path_factory):
    """The address that visitors open."""
    folder, port = tmp_path_factory.mktemp("caddy"), free_port()
    shutil.copy(ROOT / "deploy" / "Caddyfile", folder)
    lines = [f"{name} {hashed(f'{name}-password')}" for name in ("anna", "ben")]
    (folder / "users").write_text("\n".join(lines) + "\n")
    environment = {
        "HOME": str(folder),
        "PATH": "/usr/bin:/bin",
        "MUDRA_HOST": HOST,
        "MUDRA_HTTP_PORT": str(free_port()),
        "MUDRA_HTTPS_PORT": str(port),
        "MUDRA_STUDIO": direct.removeprefix("http://"),
        "MUDRA_LOGIN_SECRET": SECRET,
    }
    with (folder / "log").open("wb") as log:
        command = ["caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
        caddy = subprocess.Popen(command, cwd=folder, env=environment, stderr=log)
    try:
        wait_until(lambda: caddy.poll() is not None or "serving initial" in log_of(folder))
        assert caddy.poll() is None, log_of(folder)
        yield f"https://{HOST}:{port}"
    finally:
        caddy.terminate()
        caddy.wait()


def log_of(folder):
    return (folder / "log").read_text()


def hashed(password):
    command = ["caddy", "hash-password", "--plaintext", password]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def visit(open_browser, films, proxy):
    """visit(name) opens the studio as somebody, "" without a password; the camera shows 👍."""

    @contextmanager
    def open_as(name, password="", address=proxy):
        arguments = *flags(films("thumbs_up")), f"--host-resolver-rules=MAP {HOST} 127.0.0.1"
        known = {"username": name, "password": password or f"{name}-password"}
        context = open_browser(*arguments).new_context(
            base_url=address,
            permissions=["camera"],
            ignore_https_errors=True,
            http_credentials=known if name else None,
        )
        context.set_default_timeout(PATIENT_MS)
        try:
            yield context.new_page()
        finally:
            context.close()

    return open_as


def test_each_sees_a_project_of_their_own_whatever_the_address_says(visit, postgresql_server):
    for name in ("anna", "ben"):
        with visit(name) as page:
            answer = page.goto("/review?project=My+gestures")
            assert answer is not None and "server" not in answer.headers
            expect(page.get_by_text(f"👤 {name}")).to_be_visible(timeout=PATIENT_MS)
            expect(page.get_by_text("Nothing is recorded yet")).to_be_visible(timeout=PATIENT_MS)
        store = Store(postgresql_server, owner=name)
        [project] = store.projects()
        assert project.name == "My gestures"
        record(store, "fist", 3)
        store.close()


def test_nobody_comes_in_without_a_password_nor_past_the_proxy(visit, direct):
    with visit("anna", "ben-password") as page:
        answer = page.goto("/")
        assert answer is not None and answer.status == 401
    with visit("anna", address=direct) as page:
        page.goto("/")
        expect(page.get_by_text("did not come through the login")).to_be_visible(timeout=PATIENT_MS)
        expect(page.get_by_role("button", name="START")).to_have_count(0)


def test_hands_are_found_in_the_browser_and_recorded_without_any_other_connection(
    visit, postgresql_server
):
    with visit("anna") as page:
        page.goto("/?project=My+gestures")
        start_in_browser(page, timeout=PATIENT_MS)
        expect(page.locator("iframe[title*=webrtc_streamer]")).to_have_count(0)  # no video goes
        reads(page, "thumbs_up")
        begin_hold(page, "thumbs_up", 1)
        page.mouse.up()
        count = kept(page, "thumbs_up")
    for name, kinds in (("anna", {"mediapipe-hands", "mediapipe-hands-web"}), ("ben", set())):
        store = Store(postgresql_server, owner=name)
        samples = store.samples(store.project("My gestures").id)
        assert len(samples) == 3 + (count if kinds else 0)
        assert {sample.estimator for sample in samples} == kinds | {"mediapipe-hands"}
        store.close()
    assert count >= 1


def test_a_guest_of_a_class_needs_no_password_and_comes_no_further(visit, postgresql_server):
    with visit("anna") as page, visit("") as guest:
        page.goto("/?project=My+gestures")
        page.get_by_role("button", name="Invite others").click()
        page.get_by_role("button", name="Make a link").click()
        link = page.get_by_test_id("stCode").last.inner_text().strip()
        assert link.startswith(f"https://{HOST}:")
        guest.goto(link)
        [cookie] = guest.context.cookies()
        assert cookie["secure"] and cookie["httpOnly"] and cookie["path"] == "/join"
        guest.get_by_role("textbox", name="Your name").fill("Grace")
        guest.get_by_role("button", name="Join").click()
        start_in_browser(guest, timeout=PATIENT_MS)
        begin_hold(guest, "thumbs_up", 1)
        guest.mouse.up()
        assert kept(guest, "thumbs_up") >= 1
        for path in ("/", "/record", "/_stcore/health"):
            assert guest.evaluate("path => fetch(path).then(({ status }) => status)", path) == 401
    store = Store(postgresql_server, owner="anna")
    assert "Grace" in {person.name for person in store.persons(store.project("My gestures").id)}
    store.close()
