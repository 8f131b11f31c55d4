"""Places that a store can't be in, said in plain words that never hold a password."""

import traceback

import pytest
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError

from core.errors import MudraError, StoreError
from core.store import Store
from core.store.database.engine import hide_password, translate_errors
from tests.cli.conftest import told

PASSWORD = "geheim"
URLS = {
    "postgresql+psycopg2://u:{}@127.0.0.1:1/x": "no driver for it is installed",
    "mysql://u:{}@h/x": "no driver for it is installed",
    "foo://u:{}@h": "an unknown kind of database",
    "postgresql://u:{}@h:port/x": "is not a database URL",
    "sqlite://u:{}@h/x.db": "is not a database URL",
}


@pytest.mark.parametrize("url", URLS)
def test_a_database_that_can_t_be_reached_is_said_without_its_password(url):
    with pytest.raises(StoreError, match=URLS[url]) as raised:
        Store(url.format(PASSWORD))
    shown = str(raised.value) + "".join(traceback.format_exception(raised.value, chain=True))
    assert PASSWORD not in shown.replace(url.format(PASSWORD), "")
    assert "://" in str(raised.value)  # which one it was, its password hidden


def test_an_at_sign_within_the_password_is_refused_without_repeating_it():
    with pytest.raises(StoreError, match="write one in the password as %40") as raised:
        Store(f"postgresql://u:hun@{PASSWORD}@127.0.0.1/x")
    assert PASSWORD not in str(raised.value) and "hun" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql://u:{PASSWORD}@h:5432/x", "postgresql://u:***@h:5432/x"),
        (f"postgresql://u:a/b?c#{PASSWORD}@h/x", "postgresql://u:***@h/x"),
        (f"postgresql://h/x?user=u&password={PASSWORD}", "postgresql://h/x"),
        (f"postgresql:///x?host=/run&password={PASSWORD}", "postgresql:///x"),
        (f"postgresql://u:hun@{PASSWORD}@h/x", "postgresql://***"),
        (f"postgresql://u:{PASSWORD}@h:port/x", "postgresql://***"),
        ("postgresql://h/x", "postgresql://h/x"),
        ("sqlite:///a?b@c.db", "sqlite:///a?b@c.db"),
        ("/home/me/mudra.db", "/home/me/mudra.db"),
        (f"no way to 'p://a:{PASSWORD}@b' today", "no way to 'p://a:***@b' today"),
        (f"dsn p://h/x?password={PASSWORD} is bad", "dsn p://h/x is bad"),
    ],
)
def test_a_url_is_shown_without_what_is_secret_in_it(url, shown):
    assert hide_password(url) == shown


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_what_a_database_says_is_passed_on_without_its_password(kind):
    said = Exception(f"can't connect to postgresql://u:{PASSWORD}@h/x and 'p://a:{PASSWORD}@b'")
    with (
        pytest.raises(StoreError, match=r"postgresql://u:\*\*\*@h/x") as raised,
        translate_errors(),
    ):
        raise kind("SELECT 1", {}, said)
    assert PASSWORD not in str(raised.value) and "SELECT" not in str(raised.value)


def test_a_pool_that_is_empty_is_said_in_plain_words():
    with pytest.raises(StoreError, match="too many requests"), translate_errors():
        raise TimeoutError("QueuePool limit of size 5 overflow 10 reached")


def test_an_address_as_workspace_is_refused_everywhere_without_its_password(root):
    address = f"postgresql://u:{PASSWORD}@h/x"
    for command in (["doctor", "--json"], ["import", "x", "--project", "p"]):
        with pytest.raises(MudraError, match="that is a folder") as refused:
            told(*command, "--workspace", address)
        assert PASSWORD not in str(refused.value)
    assert not (root / "postgresql:").exists()


@pytest.mark.parametrize("name", ["What?", "100 % mine", "a#b", "x=1&y", "Ünï ✋"])
def test_a_folder_of_any_name_holds_the_store(tmp_path, name, open_store):
    open_store(tmp_path / name / "mudra.db").create_project("x")
    assert (tmp_path / name / "mudra.db").is_file()
    again = open_store(f"sqlite:///{tmp_path / name / 'mudra.db'}")
    assert [project.name for project in again.projects()] == ["x"]
    assert [path.name for path in tmp_path.iterdir()] == [name]
