"""Who has logged in sees their own projects on every page, whatever the address says."""

from contextlib import closing

import pytest
from streamlit import config
from streamlit.runtime.secrets import secrets_singleton

from core.paths import Paths
from core.store import Store
from pages.panels.navigation import SECTIONS
from tests.pages.conftest import labelled, plain, press, record, texts

PAGES = [name.lower() for names in SECTIONS.values() for name in names]


@pytest.fixture
def open_as(open_app, monkeypatch):
    """Opens the studio as somebody, at a page."""

    def open_as(name, page="studio", project=""):
        monkeypatch.setenv("MUDRA_OWNER", name)
        return open_app(page, project)

    return open_as


@pytest.fixture
def secrets(tmp_path):
    """secrets(text): what stands in the studio's secrets.toml, byte by byte."""
    path = tmp_path / "secrets.toml"
    before = config.get_option("secrets.files")
    config.set_option("secrets.files", [str(path)])
    yield lambda text: path.write_bytes(text.encode("latin-1"))
    config.set_option("secrets.files", before)
    secrets_singleton._reset()


@pytest.fixture
def secret(workspace):
    """Anna's project “Secret”: three samples of 👊."""
    with closing(Store(Paths.find(workspace).store, owner="anna")) as store:
        store.create_project("Secret")
        record(store, "fist", 3, person="Anna")
        yield store


def shown(app):
    pictures = "".join(html.proto.body for html in app.get("html"))
    return texts(app) + pictures + str([box.options for box in app.selectbox])


@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_another_s_project_that_is_named_in_the_address(open_as, secret, page):
    app = open_as("ben", page, project="Secret")
    assert labelled(app.sidebar.selectbox, "Project").options == ["My gestures"]
    assert "Anna" not in shown(app) and "Secret" not in shown(app)
    assert len(secret.samples(secret.projects()[0].id)) == 3


def test_another_s_number_opens_nothing_and_one_s_deletion_leaves_the_other_s(open_as, secret):
    app = open_as("ben", "privacy")
    app.session_state["project_id"] = secret.projects()[0].id
    app.run()
    assert not app.exception and "Secret" not in shown(app)
    assert app.session_state["project_id"] != secret.projects()[0].id
    app.text_input(key="erase_0").input("DELETE").run()
    press(app, "Delete everything")
    app = open_as("anna", "review", project="Secret")
    assert labelled(app.sidebar.selectbox, "Project").value == "Secret" and "Anna" in shown(app)


AUTH = '[auth]\ncookie_secret = "{}"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[auth", "secrets.toml can't be read"),
        ("\xff", "secrets.toml can't be read"),
        ("[auth]", "cookie_secret in secrets.toml has 0 characters"),
        (AUTH.format("short"), "cookie_secret in secrets.toml has 5 characters"),
    ],
)
def test_a_login_that_is_not_whole_lets_nobody_in(open_as, secrets, text, said):
    secrets(text)
    app = open_as("")
    assert said in plain(app.error[0].value)
    assert not app.sidebar.selectbox and not app.sidebar.button and not app.get("bidi_component")


def test_who_is_not_logged_in_sees_the_button_alone(open_as, secrets):
    secrets(AUTH.format("a-secret-of-the-studio"))
    app = open_as("", "review", project="Secret")
    assert [button.label for button in app.button] == ["Log in"]
    assert not app.error and not app.sidebar.selectbox


def test_secrets_of_other_things_ask_nobody_to_log_in(open_as, secrets):
    secrets("[other]\nkey = 1")
    assert open_as("").get("bidi_component")


def test_what_the_login_of_streamlit_loads_is_installed():
    from authlib.integrations.starlette_client import OAuth

    assert OAuth  # its HTTP client is not a requirement of its own


def test_a_header_without_the_proxy_s_secret_opens_nothing(open_as, secret, monkeypatch):
    monkeypatch.setenv("MUDRA_LOGIN_HEADER", "X-User")
    monkeypatch.setenv("MUDRA_LOGIN_SECRET", "a-secret-of-the-proxy")
    app = open_as("")
    assert "did not come through the login" in app.error[0].value
    assert not app.sidebar.selectbox and not app.get("bidi_component")
