"""People log in at an OpenID provider of its own process, as docs/sharing.md says; in Chromium."""

import json
import ssl
import subprocess
import sys
import urllib.request
from contextlib import closing, contextmanager, suppress

import pytest
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from core.live.channel import CLOSE_NO_CHANNEL, PATH
from core.paths import Paths
from core.store import Store
from tests.browser.conftest import reads, start_in_browser
from tests.browser.https_provider import write_certificate
from tests.conftest import wait_until
from tests.pages.conftest import record
from tests.support.studio import FLAGS, LOG, flags, free_port, studio

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.usefixtures("browser_files")]
PEOPLE = {"anna": "Anna A.", "ben": "Ben *B.*"}
PATIENT_MS = 60_000
# the port is the studio's own, which Streamlit fills in
SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{{port}}{base}/oauth2callback"
cookie_secret = "{secret}"
client_id = "mudra"
client_secret = "what-the-provider-gave"
server_metadata_url = "{issuer}/.well-known/openid-configuration"
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return write_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def issuer(tmp_path_factory, certificate):
    """The provider's https address: whoever opens it says who they are."""
    port = free_port()
    people = [json.dumps({"sub": sub, "name": name}) for sub, name in PEOPLE.items()]
    module = "tests.browser.https_provider"
    command = [sys.executable, "-m", module, str(port), *map(str, certificate), *people]
    with (tmp_path_factory.mktemp("provider") / LOG).open("wb") as log:
        provider = subprocess.Popen(command, stderr=log)
    address = f"https://127.0.0.1:{port}"
    try:
        wait_until(lambda: is_up(f"{address}/.well-known/openid-configuration", certificate[0]))
        yield address
    finally:
        provider.kill()
        provider.wait()


def is_up(address, trusted):
    context = ssl.create_default_context(cafile=trusted)
    with suppress(OSError), urllib.request.urlopen(address, context=context) as answer:
        return answer.status == 200


@pytest.fixture(scope="module")
def serve(tmp_path_factory, workspace, issuer, certificate):
    """serve(base, secret) starts a studio with that login; its address."""

    @contextmanager
    def start(base="", secret="a-secret-of-the-studio"):
        home = tmp_path_factory.mktemp("home")
        (home / ".streamlit").mkdir()
        (home / ".streamlit" / "secrets.toml").write_text(
            SECRETS.format(base=base, secret=secret, issuer=issuer)
        )
        environment = {
            "HOME": str(home),
            "STREAMLIT_SERVER_BASE_URL_PATH": base,
            "SSL_CERT_FILE": str(certificate[0]),
        }
        with studio(workspace, environment) as (address, _):
            yield address
        said = (workspace / LOG).read_text()
        assert "Traceback" not in said and "Deprecat" not in said, said

    return start


@pytest.fixture(scope="module")
def address(serve):
    with serve() as found:
        yield found


@pytest.fixture
def visit(open_browser, request):
    """visit() is a page of a browser without cookies."""

    @contextmanager
    def visit_with(*more, **look):
        context = open_browser(*(more or FLAGS)).new_context(
            permissions=["camera"], ignore_https_errors=True, **look
        )
        context.set_default_timeout(PATIENT_MS)
        with closing(context):
            yield context.new_page()

    return visit_with


def asks(page):
    """The page has nothing but the button."""
    expect(page.get_by_role("button", name="Log in")).to_be_visible(timeout=PATIENT_MS)
    expect(page.get_by_test_id("stSidebarUserContent").locator("button, input")).to_have_count(0)
    for part in ("canvas", "iframe", ".card", "[data-testid=stSelectbox]"):
        expect(page.locator(part)).to_have_count(0)


def log_in(page, person):
    page.get_by_role("button", name="Log in").click()
    page.get_by_placeholder("sub").fill(person)
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_text(f"👤 {PEOPLE[person]}")).to_be_visible(timeout=PATIENT_MS)


def test_who_is_not_logged_in_sees_a_button_on_every_page(visit, address):
    with visit(viewport={"width": 400, "height": 700}) as page:
        for name in ("", "record", "review?project=My+gestures", "privacy"):
            page.goto(f"{address}/{name}")
            asks(page)
        page.get_by_role("heading", name="Mudra").click()  # not covered by Streamlit's bar
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("button", name="Deny").click()
        asks(page)
        page.goto(f"{address}/oauth2callback?state=made-up&code=made-up")
        asks(page)
    with visit() as page:
        page.goto(address)
        asks(page)


def store_of(workspace, issuer, person):
    return closing(Store(Paths.find(workspace).store, owner=f"{issuer} {person}"))


def test_after_hands_were_found_on_the_server_others_log_in_and_have_projects_of_their_own(
    visit, address, shared_data, workspace, issuer
):
    folder = shared_data / "hand_images" / "emrecandir" / "fist"
    with visit() as page:
        page.goto(address)
        log_in(page, "anna")
        page.goto(f"{address}/files")
        page.locator("input[type=file]").set_input_files(sorted(folder.iterdir())[0])
        expect(page.get_by_text("👊 fist")).to_be_visible(timeout=PATIENT_MS)
    with visit() as page:
        page.goto(address)
        log_in(page, "ben")
    made = []
    for person in PEOPLE:
        with store_of(workspace, issuer, person) as store:
            [project] = store.projects()  # made as they came
            made.append(project.id)
    assert len({*made}) == 2


def test_each_has_projects_that_the_other_can_t_see_by_name_number_or_address(
    visit, address, workspace, issuer
):
    with visit() as page:
        page.goto(address)
        log_in(page, "anna")
    with store_of(workspace, issuer, "anna") as store:
        [project] = store.projects()  # made as she came
        store.rename_project(project.id, "Secret")
        record(store, "fist", 3, person="Anna")
    with visit() as page:
        page.goto(address)
        log_in(page, "ben")
        for asked in ("Secret", str(project.id)):
            page.goto(f"{address}/review?project={asked}")
            expect(page.get_by_text("Nothing is recorded yet")).to_be_visible(timeout=PATIENT_MS)
            expect(page.get_by_text("Secret")).to_have_count(0)
    with visit() as page:
        page.goto(address)
        log_in(page, "anna")
        page.goto(f"{address}/review?project=Secret")
        expect(page.get_by_text("fist").first).to_be_visible(timeout=PATIENT_MS)
        expect(page.get_by_text("Nothing is recorded yet")).to_have_count(0)


def test_a_camera_s_own_connection_ends_with_its_visitor_s_login(visit, address, films):
    tokens = {}

    def said(url, word):
        if url.endswith(PATH):
            tokens.setdefault(url, word)  # a connection begins with it

    with visit(*flags(films("thumbs_up"))) as page:
        page.on("websocket", lambda one: one.on("framesent", lambda word: said(one.url, word)))
        page.goto(address)
        log_in(page, "ben")
        page.goto(f"{address}/?keypoints_found=this+device")
        start_in_browser(page, timeout=PATIENT_MS)
        reads(page, "thumbs_up")
        cookies = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies(address))
        page.get_by_role("button", name="Log out").click()
        page.get_by_role("button", name="End session").click()  # the provider asks, too
        asks(page)
        [(url, token)] = tokens.items()
        with pytest.raises(InvalidStatus, match="403"), connect(url, proxy=None):
            pass
        kept = {"Cookie": cookies}  # somebody's who took a copy
        with (
            connect(url, additional_headers=kept, proxy=None) as stranger,
            pytest.raises(ConnectionClosed) as closed,
        ):
            stranger.send(token)
            stranger.recv(timeout=5)
        assert closed.value.rcvd.code == CLOSE_NO_CHANNEL


def test_a_login_ends_with_the_cookie_s_secret_and_can_t_be_made_up(visit, serve, workspace):
    with visit() as page:
        with serve("/class") as first:  # below a path, too
            page.goto(first)
            log_in(page, "anna")
            page.goto(f"{first}/live")
            expect(page.get_by_text(f"👤 {PEOPLE['anna']}")).to_be_visible(timeout=PATIENT_MS)
            [cookie] = [c for c in page.context.cookies() if c["name"] == "_streamlit_user"]
            assert cookie["httpOnly"] and cookie["path"] == "/class"
        with serve("/class", secret="another-secret-of-the-studio") as second:
            page.goto(second)
            asks(page)
            log_in(page, "ben")
