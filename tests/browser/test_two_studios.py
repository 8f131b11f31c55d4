"""Two studios on one PostgreSQL, processes of their own: each shows what the other recorded."""

import re

import pytest
from playwright.sync_api import expect

from core.store import Store
from tests.browser.conftest import card, choose
from tests.support.studio import FLAGS, studio

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.usefixtures("weights_folder"),
]
PATIENT_MS = 60_000


@pytest.fixture
def addresses(workspace, postgresql_url):
    environment = {"MUDRA_DATABASE": postgresql_url}
    with (
        studio(workspace / "one", environment) as (one, _),
        studio(workspace / "two", environment) as (two, _),
    ):
        yield one, two


@pytest.fixture
def windows(open_browser, addresses):
    """A page of each, opened beside each other."""
    contexts = [open_browser(*FLAGS).new_context(base_url=address) for address in addresses]
    for context in contexts:
        context.set_default_timeout(PATIENT_MS)
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


def add_pictures(page, gesture, files):
    choose(page, gesture)
    page.get_by_role("tab", name=re.compile("Add pictures")).click()
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_role("button", name=re.compile(f"Add as .*{gesture}")).click()
    shows(page, gesture, len(files))


def shows(page, gesture, count):
    expect(card(page, gesture).locator(".count")).to_have_text(
        f"{count} samples", timeout=PATIENT_MS
    )


def test_what_is_added_in_one_is_shown_in_the_other(windows, photos, postgresql_url):
    one, two = windows
    for page in windows:
        page.goto("/record")
        shows(page, "fist", 0)
    add_pictures(one, "fist", sorted((photos / "fist").iterdir()))
    add_pictures(two, "ok", sorted((photos / "ok").iterdir()))
    shows(two, "fist", 3)  # as the other's page was drawn anew
    one.reload()
    shows(one, "ok", 3)
    store = Store(postgresql_url)
    [project] = store.projects()  # both opened an empty database at once
    assert len(store.samples(project.id)) == 6
    store.close()
