"""A phone scans the QR code on Studio, enters over HTTPS, and its own camera shows a gesture."""

from contextlib import contextmanager

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from core.admin.lan import find_addresses
from core.errors import AccessError
from tests.browser.conftest import WAIT_MS, reads, settled, start_in_browser
from tests.conftest import lacking, wait_until
from tests.support.studio import flags, studio

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("browser_files")]


@pytest.fixture(scope="module")
def server(workspace):
    """The address of a studio with --lan, for this machine."""
    try:
        find_addresses()
    except AccessError as error:
        lacking(str(error), "connect this machine")
    program = ("-m", "core", "studio", "--lan")
    with studio(workspace, program=program, scheme="https") as (address, _):
        yield address


@pytest.fixture
def device(open_browser, films):
    """device(width, height): a page in a browser of its own that accepts any certificate."""

    @contextmanager
    def open_page(width, height, **look):
        context = open_browser(*flags(films("thumbs_up"))).new_context(
            ignore_https_errors=True,
            permissions=["camera"],
            viewport={"width": width, "height": height},
            **look,
        )
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        try:
            yield page
        finally:
            context.close()

    return open_page


def scanned(page):
    """What a phone's camera reads on the page."""
    svg = page.get_by_role("img", name="QR code")
    expect(svg).to_be_visible()
    found = []

    def reads_it():
        picture = cv2.imdecode(np.frombuffer(svg.screenshot(), np.uint8), cv2.IMREAD_COLOR)
        found.append(cv2.QRCodeDetectorAruco().detectAndDecode(picture)[0])
        return found[-1]

    wait_until(reads_it)  # the popover is still growing at first
    return found[-1]


def test_a_phone_enters_by_the_qr_code_and_uses_its_own_camera(server, device, pictures):
    with device(1280, 900) as computer, device(390, 844, has_touch=True) as phone:
        computer.goto(server)
        settled(computer)
        computer.get_by_role("button", name="Use your phone").click()
        link = scanned(computer)
        address, _, code = link.partition("/?code=")
        assert address == f"https://{find_addresses()[0]}:{server.rpartition(':')[2]}" and code
        expect(computer.get_by_text(link)).to_be_visible()
        expect(computer.get_by_role("img", name="A browser's warning")).to_be_visible()
        computer.screenshot(path=pictures / "phone_code.png")

        phone.goto(address)
        expect(phone.get_by_role("heading", name="Scan the code")).to_be_visible()
        phone.screenshot(path=pictures / "phone_refused.png")
        phone.goto(link)
        settled(phone)
        assert phone.url.startswith(f"{address}/") and code not in phone.url
        start_in_browser(phone)
        reads(phone, "thumbs_up")
        phone.screenshot(path=pictures / "phone_entered.png")

        wait_until(lambda: scanned(computer) != link, WAIT_MS / 1000)
        with device(390, 844) as late:
            late.goto(link)
            expect(late.get_by_text("not valid any more")).to_be_visible()


def test_the_popover_is_readable_in_the_dark(server, device, pictures):
    with device(820, 1180, color_scheme="dark") as computer:
        computer.goto(server)
        settled(computer)
        computer.get_by_role("button", name="Use your phone").click()
        assert scanned(computer).startswith("https://")
        computer.screenshot(path=pictures / "phone_code_dark.png")
