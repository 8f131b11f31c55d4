"""Live's Actions without a browser: what the switches show and keep."""

import pytest
from streamlit import config

from tests.pages.conftest import fill, go, labelled, plain, press, texts


def switches(app):
    return {t.label: t for t in app.toggle if t.key.startswith("act_")}


def ports(app):
    return [n.value for n in app.number_input if n.key.startswith("act_")]


def switch_on(app, *labels):
    for label in labels:
        switches(app)[label].set_value(True).run()


def test_every_action_is_off_at_first_and_each_project_keeps_its_own_switches(app, store):
    store.create_project("Other")
    go(app, "live")
    assert {label: t.value for label, t in switches(app).items()} == {
        "Tone in this page": False,
        "OSC": False,
        "WebSocket": False,
    }
    assert not ports(app) and not app.code
    assert "Actions wait for the camera" not in texts(app)
    switch_on(app, "OSC")
    app.sidebar.selectbox[0].set_value("Other").run()
    assert not switches(app)["OSC"].value
    app.sidebar.selectbox[0].set_value("My gestures").run()
    assert switches(app)["OSC"].value


def test_the_switches_show_wekinators_port_and_a_secret_address(app):
    switch_on(go(app, "live"), "OSC", "WebSocket")
    assert ports(app) == [12000, 8765]
    address = app.code[0].value
    assert address.startswith("ws://127.0.0.1:8765/?token=") and len(address) == 27 + 32
    assert "Actions wait for the camera" in texts(app)
    assert press(app, "New token").code[0].value != address
    fill(app, "Allowed web origins", "evil*").run()
    assert "is not a web origin" in plain(app.error[0].value)


def test_what_leaves_the_machine_is_named_keypoints_too(app):
    go(app, "live")
    assert "Hands in space, every frame" not in switches(app)
    switch_on(app, "OSC")
    assert not switches(app)["Hands in space, every frame"].value
    fill(app, "Host", "10.0.0.9").run()
    assert "Gesture names leave this machine, unencrypted." in texts(app)
    switch_on(app, "Hands in space, every frame")
    assert "Gesture names and keypoints leave this machine, unencrypted." in texts(app)


@pytest.fixture
def logged_in(app, monkeypatch):
    monkeypatch.setenv("MUDRA_OWNER", "anna")
    return app


def test_who_logged_in_sends_osc_to_listed_machines_alone_and_opens_no_port(logged_in, monkeypatch):
    switch_on(go(logged_in, "live"), "OSC")
    assert "has listed no host for OSC" in texts(logged_in)
    assert not [t for t in logged_in.text_input if t.label == "Host"]
    assert "Actions wait for the camera" not in texts(logged_in)
    monkeypatch.setenv("MUDRA_OSC_HOSTS", "synth.test, 10.0.0.9")
    logged_in.run()
    assert labelled(logged_in.selectbox, "Host").options == ["synth.test", "10.0.0.9"]
    assert "Actions wait for the camera" in texts(logged_in)
    assert "WebSocket" not in switches(logged_in)
    assert "stays closed" in texts(logged_in)
    go(logged_in, "record")
    assert not [t for t in logged_in.toggle if t.key == "remote_on"]
    assert "opens no port for OSC" in texts(logged_in)


def test_no_port_is_opened_where_the_network_reaches_the_studio(app):
    before = config.get_option("server.address")
    config.set_option("server.address", "0.0.0.0")
    try:
        go(app, "live")
        assert set(switches(app)) == {"Tone in this page", "OSC"}
    finally:
        config.set_option("server.address", before)
