"""A header is trusted only with the proxy's secret; a bad configuration is reported."""

import pytest

from core.admin.login import check_login, has_owners, is_by_proxy, read_proxy_user, read_secrets
from core.errors import AccessError
from core.paths import Paths
from core.store import Store

SECRET = "a-secret-of-the-proxy"
ENVIRON = {"MUDRA_LOGIN_HEADER": "X-User", "MUDRA_LOGIN_SECRET": SECRET}
PROVIDER = {"client_id": "a", "client_secret": "b", "server_metadata_url": "https://c.test"}
AUTH = {"redirect_uri": "https://d.test/oauth2callback", "cookie_secret": "x" * 16}
HEADERS = {"X-User": "anna", "X-Mudra-Secret": SECRET}


def test_the_proxy_s_name_is_taken_where_the_setting_says_so():
    assert not is_by_proxy({}) and not is_by_proxy({"MUDRA_LOGIN_HEADER": ""})
    assert is_by_proxy(ENVIRON)
    assert read_proxy_user(HEADERS | {"X-User": " anna "}, ENVIRON) == "anna"


@pytest.mark.parametrize(
    ("headers", "environ", "text"),
    [
        (HEADERS | {"X-Mudra-Secret": SECRET[:-1]}, ENVIRON, "did not come through the login"),
        (HEADERS | {"X-Mudra-Secret": "Ünï"}, ENVIRON, "did not come through the login"),
        ({"X-User": "anna"}, ENVIRON, "did not come through the login"),
        ({"X-Mudra-Secret": SECRET}, ENVIRON, "not logged in"),
        (HEADERS | {"X-User": "  "}, ENVIRON, "not logged in"),
        (HEADERS | {"X-Mudra-Secret": ""}, ENVIRON | {"MUDRA_LOGIN_SECRET": ""}, "0 characters"),
        (HEADERS, {"MUDRA_LOGIN_HEADER": "X-User"}, "0 characters"),
        (HEADERS | {"X-Mudra-Secret": "x"}, ENVIRON | {"MUDRA_LOGIN_SECRET": "x"}, "1 char"),
    ],
)
def test_everything_else_is_refused_and_the_secret_is_not_told(headers, environ, text):
    with pytest.raises(AccessError, match=text) as refused:
        read_proxy_user(headers, environ)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("secrets", "environ"),
    [
        ({}, {}),
        ({"other": {"key": 1}, "database": "x"}, {}),
        ({"auth": AUTH | PROVIDER}, {}),
        ({"auth": AUTH | {"google": PROVIDER}}, {}),
        ({"auth": AUTH | PROVIDER}, {"MUDRA_LOGIN_SECRET": "x" * 16}),
        ({}, ENVIRON),
    ],
)
def test_a_whole_login_or_none_is_fine(secrets, environ):
    check_login(secrets, environ, has_owners=bool(secrets.get("auth") or environ))


@pytest.mark.parametrize(
    ("secrets", "environ", "text"),
    [
        ({"Auth": AUTH | PROVIDER}, {}, "“Auth” but no"),
        ({"atuh": {}}, {}, "“atuh” but no"),
        ({"login": AUTH}, {}, "“login” but no"),
        ({"cookie_secret": "x" * 16}, {}, "“cookie_secret” but no"),
        ({"auth": "yes"}, {}, "not a section"),
        ({"auth": PROVIDER}, {}, "cookie_secret in secrets.toml has 0 characters"),
        ({"auth": AUTH}, {}, "lacks client_id, client_secret, server_metadata_url"),
        ({"auth": AUTH | PROVIDER | {"client_id": ""}}, {}, "lacks client_id"),
        ({"auth": AUTH | {"google": {"client_id": "a"}}}, {}, "lacks client_secret"),
        ({}, {"MUDRA_LOGIN_SECRET": "x" * 16}, "MUDRA_LOGIN_HEADER isn't"),
        ({}, {"MUDRA_LOGIN_HEADER": "X-User"}, "MUDRA_LOGIN_SECRET has 0 characters"),
    ],
)
def test_one_that_is_not_whole_is_refused(secrets, environ, text):
    with pytest.raises(AccessError, match=text):
        check_login(secrets, environ, has_owners=False)


def test_one_that_was_taken_away_is_missed_until_that_is_meant():
    with pytest.raises(AccessError, match="MUDRA_WITHOUT_LOGIN=1"):
        check_login({}, {}, has_owners=True)
    check_login({}, {"MUDRA_WITHOUT_LOGIN": "1"}, has_owners=True)


def test_owners_are_seen_in_the_database_and_in_the_workspace(tmp_path):
    paths = Paths.find(tmp_path)
    assert not has_owners(paths) and not paths.database.exists()
    with_login, without = Store(paths.store, owner="anna"), Store(paths.store)
    without.create_project("Mine")
    assert not has_owners(paths)
    with_login.create_project("Secret")
    assert has_owners(paths)
    with_login.close()
    without.close()
    other = Paths.find(tmp_path / "other")
    other.of("anna").workspace.mkdir(parents=True)
    assert has_owners(other)


def test_secrets_of_all_files_are_read_and_damage_is_said(tmp_path):
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text("[auth]\na = 1\n[other]\nb = 1")
    second.write_text("[auth]\na = 2")
    files = [str(first), str(tmp_path / "none.toml"), str(second)]
    assert read_secrets(files) == {"auth": {"a": 2}, "other": {"b": 1}}
    second.write_text("[auth")
    with pytest.raises(AccessError, match=r"second\.toml can't be read"):
        read_secrets(files)
