"""Studio offers a QR code for a phone where other devices can reach the studio."""

import re
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from pages.panels.access import entry_codes
from tests.pages.conftest import go, run


@pytest.fixture
def on_lan(monkeypatch):
    """The studio runs with --lan, in one network."""
    monkeypatch.setenv("MUDRA_LAN", "192.168.1.20")


def popovers(app):
    return [one.proto.popover.label for one in app.get("popover")]


def pictures(app):
    """The SVG pictures of the page: their alternative text and XML."""
    bodies = [one.proto.body for one in app.get("html")]
    found = [
        re.fullmatch(r'<img alt="([^"]+)" src="data:image/[^,"]+,([^"]+)">', b) for b in bodies
    ]
    return [(one[1], ElementTree.fromstring(unquote(one[2]))) for one in found if one]


def opened(app):
    app.session_state["phone"] = True
    return run(app)


def test_a_studio_of_this_machine_alone_offers_none(app):
    assert "Use your phone" not in popovers(app)


def test_the_code_is_drawn_once_the_popover_is_open_with_what_a_browser_warns_of(on_lan, open_app):
    app = open_app()
    assert "Use your phone" in popovers(app) and pictures(app) == []
    app = opened(app)
    (code, _), (_, warning) = pictures(app)
    assert code == "QR code of this studio's address"
    assert "Advanced" in "".join(warning.itertext())
    [link] = [one.value for one in app.code]
    assert re.fullmatch(r"https://192\.168\.1\.20:8501/\?code=[\w-]{22}", link)
    assert any("connection isn't private" in one.value for one in app.markdown)


def test_a_used_code_is_replaced(on_lan, open_app):
    app = opened(open_app())
    [first] = [one.value for one in app.code]
    assert [one.value for one in run(app).code] == [first]
    assert entry_codes.exchange(first.partition("code=")[2], "192.168.1.7")
    [second] = [one.value for one in run(app).code]
    assert second != first


def test_of_several_networks_one_is_chosen(monkeypatch, open_app):
    monkeypatch.setenv("MUDRA_LAN", "192.168.1.20,10.0.0.3")
    app = opened(open_app())
    assert app.radio(key="phone_network").options == ["192.168.1.20", "10.0.0.3"]
    app.radio(key="phone_network").set_value("10.0.0.3")
    run(app)
    assert app.code[0].value.startswith("https://10.0.0.3:8501/?code=")


def test_other_pages_offer_none(on_lan, open_app):
    assert "Use your phone" not in popovers(go(open_app(), "live"))
