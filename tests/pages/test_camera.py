"""What the pages say of the camera and of where the studio is reached."""

import pytest
from streamlit import config

from pages.panels.camera.address import local_address


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ({"server.port": 9123}, "http://localhost:9123"),
        ({"server.port": 80, "server.baseUrlPath": "mudra/"}, "http://localhost:80/mudra"),
        ({"server.port": 8443, "server.sslCertFile": "own.pem"}, "https://localhost:8443"),
    ],
)
def test_the_studio_s_address_is_that_of_its_own_port(options, address):
    before = {name: config.get_option(name) for name in options}
    try:
        for name, value in options.items():
            config.set_option(name, value)
        assert local_address() == address
    finally:
        for name, value in before.items():
            config.set_option(name, value)
