"""A header says who it is only where it was configured, and beside the proxy's secret."""

import pytest

from core.admin.login import is_by_proxy, proxy_user
from core.errors import AccessError

SECRET = "a-secret-of-the-proxy"
ENVIRON = {"MUDRA_LOGIN_HEADER": "X-User", "MUDRA_LOGIN_SECRET": SECRET}
TOLD = {"X-User": "anna", "X-Mudra-Secret": SECRET}


def test_without_the_setting_no_header_counts():
    assert not is_by_proxy({}) and not is_by_proxy({"MUDRA_LOGIN_HEADER": ""})
    assert is_by_proxy(ENVIRON)


def test_the_proxy_s_name_is_taken():
    assert proxy_user(TOLD | {"X-User": " anna "}, ENVIRON) == "anna"


@pytest.mark.parametrize(
    ("headers", "environ", "text"),
    [
        (TOLD | {"X-Mudra-Secret": SECRET[:-1]}, ENVIRON, "did not come through the login"),
        (TOLD | {"X-Mudra-Secret": "Ünï"}, ENVIRON, "did not come through the login"),
        ({"X-User": "anna"}, ENVIRON, "did not come through the login"),
        ({"X-Mudra-Secret": SECRET}, ENVIRON, "nobody is logged in"),
        (TOLD | {"X-User": "  "}, ENVIRON, "nobody is logged in"),
        (TOLD | {"X-Mudra-Secret": ""}, ENVIRON | {"MUDRA_LOGIN_SECRET": ""}, "0 characters"),
        (TOLD, {"MUDRA_LOGIN_HEADER": "X-User"}, "0 characters"),
        (TOLD | {"X-Mudra-Secret": "short"}, ENVIRON | {"MUDRA_LOGIN_SECRET": "short"}, "5 char"),
    ],
)
def test_everything_else_is_refused_and_the_secret_is_not_told(headers, environ, text):
    with pytest.raises(AccessError, match=text) as refused:
        proxy_user(headers, environ)
    assert SECRET not in str(refused.value)
