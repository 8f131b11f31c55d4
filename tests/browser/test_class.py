"""A class in a real browser: the owner invites, two guests join and record, the owner trains, all
see the answer, and the owner ends it."""

import os
import re
from contextlib import ExitStack, closing, contextmanager

import pytest
from playwright.sync_api import expect

from core.paths import Paths
from core.store import Store
from core.store.index import count_samples
from tests.browser.conftest import (
    WAIT_MS,
    button_to_hold,
    card,
    hold,
    keeps,
    reads,
    settled,
    start_in_browser,
)
from tests.conftest import wait_until
from tests.support.studio import flags, stop_camera

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("browser_files", "weights_folder")]
TRAINED, ENDED = re.compile(r"The model trained at \d\d:\d\d"), "The owner has ended this class"
LOOKS = {
    f"{width}_{scheme}": {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
    for width, height in ((1440, 900), (390, 844))
    for scheme in ("light", "dark")
}


@pytest.fixture
def device(open_browser, films, server):
    """device(gesture): a page on a device of its own, whose camera shows the gesture."""

    @contextmanager
    def open_page(gesture):
        context = open_browser(*flags(films(gesture))).new_context(
            base_url=server, permissions=["camera"], viewport={"width": 1440, "height": 900}
        )
        context.set_default_timeout(WAIT_MS)
        try:
            yield context.new_page()
        finally:
            context.close()

    return open_page


@pytest.fixture
def photograph(pictures):
    """photograph(page, name): the page in one look; in all of LOOKS if somebody looks at them."""

    def take(page, name):
        looks = LOOKS if os.environ.get("MUDRA_SCREENSHOTS") else {"1440_light": {}}
        for look, options in looks.items():
            if options:
                page.set_viewport_size(options["viewport"])
                page.emulate_media(color_scheme=options["color_scheme"])
                page.wait_for_timeout(700)
            page.screenshot(path=pictures / f"class_{name}_{look}.png")
        page.set_viewport_size(LOOKS["1440_light"]["viewport"])
        page.emulate_media(color_scheme="light")

    return take


def invite(owner):
    """Make a link on Studio; leave the popover open."""
    owner.goto("/")
    settled(owner)
    owner.get_by_role("button", name="Invite others").click()
    owner.get_by_role("button", name="Make a link").click()
    expect(owner.get_by_role("img", name="QR code of the invitation")).to_be_visible()
    return owner.get_by_test_id("stCode").last.inner_text().strip()


def enter(guest, link, name):
    guest.goto(link)
    guest.get_by_role("textbox", name="Your name").fill(name)
    guest.get_by_role("button", name="Join").click()
    expect(guest.get_by_text(f"You are {name} in My gestures")).to_be_visible()
    settled(guest)


def test_a_class_from_the_link_to_its_end(device, workspace, photograph):
    with ExitStack() as stack:
        owner, ada, ben = (
            stack.enter_context(device(gesture)) for gesture in ("open_palm", "thumbs_up", "fist")
        )
        owner.goto("/")
        settled(owner)
        owner.get_by_role("button", name="Invite others").click()
        expect(owner.get_by_role("button", name="Make a link")).to_be_visible()
        photograph(owner, "owner_invites")
        link = invite(owner)
        photograph(owner, "owner_link")

        ada.goto(link)
        expect(ada.get_by_role("textbox", name="Your name")).to_be_visible()
        assert ada.url == link.partition("?")[0]  # without the secret
        photograph(ada, "guest_name")
        enter(ada, link, "Ada")
        photograph(ada, "guest_entered")
        expect(ada.get_by_test_id("stSidebar")).to_have_count(0)
        expect(ada.get_by_role("button", name="Add a gesture")).to_have_count(0)
        ben.goto(link)
        ben.get_by_role("textbox", name="Your name").fill("ada")
        ben.get_by_role("button", name="Join").click()
        expect(ben.get_by_text("somebody else here is “ada” already")).to_be_visible()
        photograph(ben, "guest_same_name")
        enter(ben, link, "Ben")

        start_in_browser(ada)
        reads(ada, "thumbs_up")
        counts = {"thumbs_up": hold(ada, "thumbs_up", 6)}
        photograph(ada, "guest_recorded")
        stop_camera(ada)  # a small machine finds hands in one browser at a time
        start_in_browser(ben)
        counts["fist"] = hold(ben, "fist", 6)
        expect(card(ben, "thumbs_up").locator(".count")).to_have_text("0 samples")  # of Ada's
        for name, count in zip(("Ada", "Ben"), counts.values(), strict=True):
            row = owner.get_by_role("row", name=re.compile(f"{name} {count}"))
            expect(row).to_be_visible()
        photograph(owner, "owner_guests")

        owner.keyboard.press("Escape")
        owner.get_by_role("button", name="Train", exact=True).click()
        for guest in (ada, ben):
            expect(guest.get_by_text(TRAINED)).to_be_visible()
        reads(ben, "fist")
        photograph(ben, "guest_own_model")
        stop_camera(ben)
        start_in_browser(ada)
        reads(ada, "thumbs_up")

        button_to_hold(ada, "thumbs_up").hover()
        ada.mouse.down()
        keeps(ada, "thumbs_up", 3)
        owner.goto("/")
        settled(owner)
        owner.get_by_role("button", name="Invite others").click()
        owner.get_by_role("button", name="Revoke").click()
        for guest in (ada, ben):
            expect(guest.get_by_text(ENDED)).to_be_visible(timeout=10_000)
        photograph(ben, "guest_ended")
        ben.goto(link)
        expect(ben.get_by_text(ENDED)).to_be_visible()
        with closing(Store(Paths.find(workspace).database)) as store:
            project = store.project("My gestures")
            least = sum(counts.values()) + 3
            wait_until(lambda: sum(count_samples(store, project.id).values()) >= least)
            assert {person.name for person in store.persons(project.id)} == {"Ada", "Ben"}


def test_a_project_that_is_deleted_is_said(device, workspace, photograph):
    with device("fist") as owner, device("fist") as guest:
        owner.goto("/")
        settled(owner)
        with closing(Store(Paths.find(workspace).database)) as store:
            project = store.project("My gestures")
            enter(guest, invite(owner), "Grace")
            store.delete_project(project.id)
            expect(guest.get_by_text("The owner has deleted this project")).to_be_visible()
            photograph(guest, "guest_project_gone")
            guest.reload()
            expect(guest.get_by_text("The owner has deleted this project")).to_be_visible()
            photograph(guest, "guest_project_gone_again")
