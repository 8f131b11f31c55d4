"""What lives comes by itself and draws no page; each press is applied once, whatever happens."""

import signal
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import all_is_heard, card, reads, settled, start_in_browser
from tests.conftest import wait_until
from tests.support.studio import start_camera, studio

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder", "browser_files")]

PRESSES, QUIET_MS = 100, 5000
RENAME = """([topic, gesture, n]) => {
  for (let i = 0; i < n; i++) {
    mudraChannel.say(topic, "rename", { gesture, name: `g${i}`, emoji: "" })
  }
}"""


def count_messages(page):
    """Messages from the server until now, of Streamlit's pages and of the live channel."""
    counts = {"pages": 0, "live": 0}

    def listen(socket):
        kind = "live" if socket.url.endswith("/mudra/live") else "pages"
        socket.on("framereceived", lambda _: counts.update({kind: counts[kind] + 1}))

    page.on("websocket", listen)
    return counts


@pytest.mark.parametrize("place", ["this+device", "the+server"])
@pytest.mark.parametrize("name", ["", "record", "live"])
def test_a_page_is_not_drawn_while_nobody_presses_and_the_answer_goes_on(look, films, place, name):
    with look(films("thumbs_up")) as page:
        counts = count_messages(page)
        page.goto(f"/{name}?keypoints_found={place}")
        if place == "this+device":
            start_in_browser(page)
        else:
            start_camera(page)
        if name != "record":
            reads(page, "thumbs_up")
        settled(page)
        page.wait_for_timeout(3000)  # what the browser measures once
        before = dict(counts)
        page.wait_for_timeout(QUIET_MS)
        assert counts["pages"] == before["pages"]
        assert counts["live"] > before["live"] + 5 or name == "record"


def rename_many(page, store, n):
    """Rename the first gesture n times in one go; return the project and its number of acts."""
    page.wait_for_function("window.mudraChannel?.socket")
    project = store.project("My gestures")
    gesture = store.gestures(project.id)[0]
    before = count_acts(store, project)
    page.evaluate(RENAME, [f"cards {project.id}", gesture.id, n])
    return project, before


def count_acts(store, project):
    """How many acts the project's undo log has had: their ids go up by one."""
    return max((act.id for act in store.list_history(project.id)), default=0)


def assert_each_once(store, project, before, n):
    wait_until(lambda: store.gestures(project.id)[0].name == f"g{n - 1}", 600)
    assert count_acts(store, project) - before == n


def test_what_is_pressed_while_the_page_is_drawn_is_applied_once_and_in_order(look, film, store):
    with look(film) as page:
        page.goto("/record")
        settled(page)
        project, before = rename_many(page, store, PRESSES)
        for _ in range(5):
            page.get_by_role("slider", name="Samples per second").press("ArrowLeft")
        assert_each_once(store, project, before, PRESSES)
        expect(card(page, f"g{PRESSES - 1}")).to_be_visible()
        all_is_heard(page)


@pytest.mark.slow
def test_of_two_thousand_presses_on_a_machine_at_its_limit_none_is_lost(look, film, store):
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(8)]
    try:
        with look(film) as page:
            page.goto("/record")
            settled(page)
            project, before = rename_many(page, store, 2000)
            assert_each_once(store, project, before, 2000)
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_what_was_not_applied_before_a_reload_is_applied_once_after_it(look, film, store):
    lost = []
    with look(film) as page:

        def swallow(socket):  # the first connection brings the server nothing but its token
            server, heard = socket.connect_to_server(), []

            def from_page(message):
                heard.append(message)
                if len(heard) == 1 or lost.count("reloaded"):
                    server.send(message)
                elif '"commands"' in message:
                    lost.append(message)

            socket.on_message(from_page)

        page.route_web_socket("**/mudra/live", swallow)
        page.goto("/record")
        settled(page)
        project, before = rename_many(page, store, 3)
        page.wait_for_timeout(2500)  # they are sent again and again
        assert len(lost) >= 2
        assert count_acts(store, project) == before
        lost.append("reloaded")
        page.reload()
        expect(card(page, "g2")).to_be_visible(timeout=10_000)
        assert_each_once(store, project, before, 3)


def notice(page):
    return page.locator("[data-part=connection] [role=status]")


def test_a_server_that_falls_silent_or_dies_is_said_and_the_notice_goes_when_it_is_back(
    look, film, tmp_path
):
    lost = "No connection to Mudra: answers stand still. Trying again …"
    with studio(tmp_path) as (address, server), look(film, address=address) as page:
        page.goto("/demo")
        settled(page)
        page.wait_for_timeout(12_000)  # nothing lives on this page, and its connection holds
        expect(notice(page)).to_have_text("")
        server.send_signal(signal.SIGSTOP)
        try:
            expect(notice(page)).to_have_text(lost, timeout=20_000)
            expect(notice(page)).to_be_in_viewport()
        finally:
            server.send_signal(signal.SIGCONT)
        expect(notice(page)).to_be_hidden()
        settled(page)
        server.kill()
        expect(notice(page)).to_have_text(lost, timeout=10_000)


def test_a_page_whose_connection_was_ended_for_good_is_told_to_reload(look, film):
    with look(film) as page:
        page.goto("/record")
        settled(page)
        page.wait_for_function("window.mudraChannel?.socket")
        page.evaluate("mudraChannel.connect({ path: '/mudra/live', token: 'of nobody' })")
        expect(notice(page)).to_have_text(
            "Mudra has closed this page’s connection. Reload the page.", timeout=20_000
        )
        page.reload()
        settled(page)
        page.wait_for_function("window.mudraChannel?.topics.size && mudraChannel.status === 'open'")
        expect(notice(page)).to_be_hidden()
