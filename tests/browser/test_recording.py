"""The gesture cards in a real browser: whatever ends a hold, the store has what the page says;
space records, digits choose, fields are left."""

import re
import time
from contextlib import suppress

import pytest
from playwright.sync_api import Error, expect

from core.recording.plans import HELD
from tests.browser.conftest import (
    WAIT_MS,
    begin_hold,
    button_to_hold,
    card,
    choose,
    go,
    hold,
    is_chosen,
    keeps,
    kept,
    press_text,
    settled,
    stored,
    undo_here,
)
from tests.pages.conftest import record
from tests.support.studio import VIDEO, camera_button, start_camera

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("weights_folder")]

HIDE = """() => {
  Object.defineProperty(document, "hidden", {value: true, configurable: true})
  document.dispatchEvent(new Event("visibilitychange"))
  delete document.hidden
}"""

KEEP_CAMERA = """(() => {
  const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices)
  if (!ask) return
  navigator.mediaDevices.getUserMedia = async (wanted) => (window.camera = await ask(wanted))
})()"""
UNPLUG = """camera => camera.getTracks().forEach((track) => {
  track.stop()
  track.dispatchEvent(new Event("ended"))
})"""


def on_record(page):
    page.goto("/record?project=My+gestures")
    start_camera(page)


def says(page, gesture, samples):
    noun = "sample" if samples == 1 else "samples"
    expect(card(page, gesture).locator(".count")).to_have_text(f"{samples} {noun}")


def test_whatever_ends_a_hold_the_store_has_what_the_page_says(look, films, workspace):
    with look(films("fist")) as page:
        on_record(page)
        total = 0
        for end in (
            page.mouse.up,
            lambda: page.mouse.move(5, 5),
            lambda: page.evaluate("window.dispatchEvent(new Event('blur'))"),
            lambda: page.evaluate(HIDE),
        ):
            begin_hold(page, "fist")
            is_chosen(page, "fist")
            end()
            total += kept(page, "fist")
            page.mouse.up()
            says(page, "fist", total)
            assert stored(workspace, "fist") == total
        time.sleep(1)
        assert stored(workspace, "fist") == total  # and all of them have ended
        expect(card(page, "fist").locator("img[src^='data:image/jpeg']").first).to_be_visible()


MOVED = ".st-key-stage_video { padding-bottom: 200px }"


def test_a_hold_goes_on_where_the_page_moves_and_ends_where_the_pointer_leaves(look, films):
    with look(films("fist")) as page:
        on_record(page)
        begin_hold(page, "fist")
        button = card(page, "fist").locator(".hold")
        before = button.bounding_box()
        page.add_style_tag(content=MOVED)
        assert button.bounding_box()["y"] > before["y"] + before["height"]
        at = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
        page.mouse.move(at[0] + 3, at[1] - 3)  # a hand is never quite still
        keeps(page, "fist", 10)
        page.mouse.move(at[0], before["y"] - 30)
        assert kept(page, "fist") >= 10
        page.mouse.up()


def test_a_reload_while_it_is_held_keeps_what_was_recorded_and_says_so(look, films, workspace):
    with look(films("open_palm")) as page:
        on_record(page)
        begin_hold(page, "open_palm")
        page.reload()
        expect(page.get_by_text("The page was left while you held “open_palm”")).to_be_visible()
        time.sleep(HELD.lease_s + 1)
        there = stored(workspace, "open_palm")
        assert there >= 3
        page.reload()
        says(page, "open_palm", there)
        expect(page.get_by_text("The page was left")).to_have_count(0)


def test_of_a_tab_that_is_killed_while_it_is_held_nothing_is_stored_that_came_after(
    look, films, workspace
):
    with look(films("thumbs_up")) as page:
        on_record(page)
        begin_hold(page, "thumbs_up")
        said = int(card(page, "thumbs_up").locator(".count").inner_text().split()[1])
        with suppress(Error):
            page.goto("chrome://crash")
        time.sleep(3)
        there = stored(workspace, "thumbs_up")
        assert there >= said
        time.sleep(2)
        assert stored(workspace, "thumbs_up") == there


def test_a_camera_pulled_out_while_a_button_is_held_stores_what_came_before_and_is_told(
    look, films, workspace
):
    with look(films("thumbs_up")) as page:
        page.add_init_script(KEEP_CAMERA)
        on_record(page)
        before = stored(workspace, "thumbs_up")
        begin_hold(page, "thumbs_up")
        [owner] = [frame for frame in page.frames if frame.evaluate("window.camera?.active")]
        owner.evaluate(f"({UNPLUG})(window.camera)")
        told = page.get_by_text(re.compile("The camera stopped by itself|Camera lost"))
        expect(told.first).to_be_visible()
        page.mouse.up()
        there = stored(workspace, "thumbs_up")
        assert there - before >= 3
        time.sleep(HELD.lease_s + 1)
        assert stored(workspace, "thumbs_up") == there


def test_two_tabs_hold_at_once_and_each_stores_what_it_says(look, films, workspace):
    with look(films("thumbs_down")) as page:
        before = stored(workspace, "thumbs_down")
        other = page.context.new_page()
        other.set_default_timeout(WAIT_MS)
        for tab in (page, other):
            on_record(tab)
            begin_hold(tab, "thumbs_down")
        there = 0
        for tab in (page, other):
            tab.mouse.up()
            there += kept(tab, "thumbs_down")
        assert stored(workspace, "thumbs_down") - before == there >= 6


def records_nothing(page):
    expect(page.locator(".card.busy")).to_have_count(0)


def open_record(page):
    page.goto("/record")
    settled(page)
    expect(page.locator("body[data-hears-keys]")).to_be_attached()


@pytest.fixture
def mixed_film(films, tmp_path):
    """A film of 👍 in which every fifth part is ✋."""
    path = tmp_path / "mixed.y4m"
    (head, usual), (_, other) = (
        films(gesture).read_bytes().split(b"FRAME\n")[:2] for gesture in ("thumbs_up", "open_palm")
    )
    path.write_bytes(head + 12 * (b"FRAME\n" + usual) + 3 * (b"FRAME\n" + other))
    return path


def test_the_offer_to_delete_what_looks_different_does_not_end_the_next_hold(look, mixed_film):
    with look(mixed_film) as page:
        on_record(page)
        hold(page, "thumbs_up", 25)
        offer = page.get_by_text(re.compile(r"of these .* looks? different\. Delete (them|it)\?"))
        expect(offer).to_be_visible()
        begin_hold(page, "fist", 5)  # its card lies below the offer
        expect(offer).to_be_visible()
        page.mouse.up()
        assert kept(page, "fist") >= 5
        expect(card(page, "thumbs_up").locator(".different")).to_have_count(0)


def hold_key(page, key, gesture):
    """Hold the key until samples of the gesture are kept."""
    page.keyboard.down(key)
    keeps(page, gesture)
    page.keyboard.up(key)
    return kept(page, gesture)


def hears_keys_in_the_video_loaded_again(page):
    """Keys are heard there, though the frame's first document is gone, as it is when the cards
    stand before the frame has loaded."""
    frame = page.locator(VIDEO)
    frame.evaluate("(frame) => frame.contentWindow.location.reload()")
    expect(camera_button(page, "start")).to_be_visible()
    expect(frame.content_frame.locator("body[data-hears-keys]")).to_be_attached()


def test_space_and_digits_work_wherever_the_focus_is_but_in_fields(look, films, workspace):
    with look(films("fist")) as page:
        open_record(page)
        hears_keys_in_the_video_loaded_again(page)
        page.keyboard.press("6")
        is_chosen(page, "point_right")
        page.keyboard.press("7")  # with the camera off, too
        is_chosen(page, "point_left")
        page.keyboard.down("Space")
        page.keyboard.up("Space")
        start_camera(page)  # by a click in the video's frame, which keeps the focus
        button_to_hold(page, "point_left")
        records_nothing(page)
        page.keyboard.press("6")
        is_chosen(page, "point_right")
        assert hold_key(page, "Space", "point_right") == stored(workspace, "point_right") >= 3
        expect(camera_button(page, "stop")).to_be_visible()  # a space after a click stops nothing

        choose(page, "point_left")  # the focus is on a card
        assert hold_key(page, "Space", "point_left") == stored(workspace, "point_left") >= 3
        card(page, "point_right").locator(".hold").focus()  # there space and Enter mean this card
        hold_key(page, "Enter", "point_right")
        is_chosen(page, "point_right")
        choose(page, "point_left")
        there = stored(workspace, "point_left")

        field = page.get_by_label("Person", exact=True)
        field.fill("a")
        for key in ("Space", "1", "9", "b"):
            field.press(key)
        expect(field).to_have_value("a 19b")
        is_chosen(page, "point_left")
        records_nothing(page)
        field.press("Enter")
        settled(page)
        page.get_by_role("button", name=re.compile("Remote control")).focus()
        page.keyboard.press("Space")  # a button hears its own space, and nothing else does
        expect(page.get_by_text("Start and stop recordings by OSC")).to_be_visible()
        records_nothing(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="+ Add a gesture").click()
        page.get_by_label("Name", exact=True).fill("2 x")
        page.get_by_label("Name", exact=True).press("3")
        page.get_by_label("Name", exact=True).press("Space")
        expect(page.get_by_label("Name", exact=True)).to_have_value("2 x3 ")
        page.keyboard.press("Escape")
        expect(page.get_by_label("Name", exact=True)).to_have_count(0)
        is_chosen(page, "point_left")
        page.keyboard.press("Control+6")
        is_chosen(page, "point_left")
        records_nothing(page)
        assert stored(workspace, "point_left") == there


def test_the_space_key_records_and_stops(look, films, workspace):
    with look(films("open_palm")) as page:
        page.goto("/record")
        press_text(page, "Start / stop")
        choose(page, "none")
        start_camera(page)
        button_to_hold(page, "none")
        page.get_by_role("heading", name="Record", level=1).click()  # the focus leaves the video
        page.keyboard.press("Space")
        keeps(page, "none")
        page.keyboard.press("Space")
        assert kept(page, "none") == stored(workspace, "none") >= 3


@pytest.mark.slow
def test_in_the_video_s_frame_a_space_after_a_click_does_not_stop_the_camera(look, films):
    with look(films("fist")) as page:
        open_record(page)
        start_camera(page)
        button_to_hold(page, "thumbs_up")
        hold_key(page, "Space", "thumbs_up")
        stop = camera_button(page, "stop")
        expect(stop).to_be_visible()
        stop.focus()  # who came by Tab presses the button itself
        page.keyboard.press("Space")
        expect(camera_button(page, "start")).to_be_visible()


def test_the_keys_of_the_page_can_be_switched_off_and_stay_so(look, films):
    with look(films("fist")) as page:
        open_record(page)
        page.keyboard.press("5")
        is_chosen(page, "fist")
        keys = page.get_by_role("button", name="Keyboard shortcuts")
        expect(keys).to_have_attribute("aria-pressed", "true")
        keys.click()
        page.reload()
        settled(page)
        expect(page.locator("body[data-hears-keys]")).to_be_attached()
        expect(keys).to_have_attribute("aria-pressed", "false")
        expect(page.get_by_text("Keyboard shortcuts are off")).to_be_visible()
        chosen = page.locator(".card.chosen .name").inner_text()
        page.keyboard.press("7" if chosen == "fist" else "5")
        page.keyboard.press("Space")
        is_chosen(page, chosen)
        records_nothing(page)
        keys.click()
        page.keyboard.press("7")
        is_chosen(page, "point_left")


@pytest.fixture(scope="module")
def page(look, films):
    """Record with the camera on, for the tests that leave it so."""
    with look(films("fist")) as page:
        on_record(page)
        yield page


def test_gestures_are_added_changed_and_removed_and_a_sample_deleted_on_the_cards(page, workspace):
    there = hold(page, "ok")
    card(page, "ok").locator(".tile").first.click()
    says(page, "ok", there)  # a press alone deletes nothing
    enlarged = page.get_by_role("dialog")
    expect(enlarged.get_by_text(f"Sample {there} of {there} of ok")).to_be_visible()
    expect(enlarged.locator("img[src^='data:image/jpeg']")).to_be_visible()
    enlarged.get_by_role("button", name="Delete").click()
    expect(enlarged.get_by_text(f"Sample {there - 1} of {there - 1} of ok")).to_be_visible()
    enlarged.get_by_role("button", name="Close").click()
    says(page, "ok", there - 1)
    settled(page)
    page.keyboard.press("Control+z")
    says(page, "ok", there)

    page.get_by_role("button", name="+ Add a gesture").click()
    page.get_by_label("Name", exact=True).fill("OK")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.get_by_text(re.compile("taken"))).to_be_visible()
    page.get_by_role("slider", name="Samples per second").press("ArrowLeft")
    expect(page.get_by_role("slider", name="Samples per second")).to_have_value("9")
    settled(page)  # the page was drawn anew, and still says it
    expect(page.get_by_text(re.compile("taken"))).to_be_visible()
    page.get_by_label("Name", exact=True).fill("<b>x</b>")  # the form is still open
    page.get_by_role("button", name="Emoji ✌️").click()
    page.get_by_role("button", name="Add", exact=True).click()
    is_chosen(page, "<b>x</b>")
    expect(page.get_by_text(re.compile("taken"))).to_have_count(0)
    undo_here(page)
    expect(card(page, "<b>x</b>")).to_have_count(0)
    page.get_by_role("button", name="+ Add a gesture").click()
    page.get_by_label("Name", exact=True).fill("<b>x</b>")
    page.get_by_role("button", name="Add", exact=True).click()
    is_chosen(page, "<b>x</b>")
    expect(page.get_by_label("Name", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Change or remove <b>x</b>").click()
    page.get_by_label("Name", exact=True).fill("peace")
    page.get_by_role("button", name="Save").click()
    choose(page, "peace")
    says(page, "peace", 0)
    card(page, "peace").get_by_role("button", name="peace", exact=True).click()
    page.get_by_label("Name of peace").fill("victory")
    page.get_by_label("Name of peace").press("Escape")
    card(page, "peace").get_by_role("button", name="peace", exact=True).click()
    page.get_by_label("Name of peace").fill("two")
    page.get_by_label("Name of peace").press("Enter")
    says(page, "two", 0)
    page.get_by_role("button", name="Change or remove two").click()
    page.get_by_role("button", name="Emoji 🤞").click()  # chosen is chosen
    expect(card(page, "two").locator(".emoji")).to_have_text("🤞")
    expect(page.get_by_label("Name", exact=True)).to_have_count(0)
    card(page, "two").get_by_role("button", name="two", exact=True).click()
    page.get_by_label("Name of two").fill("peace")
    page.get_by_label("Name of two").press("Enter")
    says(page, "peace", 0)
    page.get_by_role("button", name="Change or remove peace").click()
    page.get_by_role("button", name="Remove peace").click()
    expect(card(page, "peace")).to_have_count(0)
    undo_here(page)
    expect(card(page, "peace")).to_have_count(1)
    assert stored(workspace, "ok") == there


def test_every_sample_is_reached_in_the_strip_which_deletes_none(page, store, workspace):
    before = stored(workspace, "thumbs_down")
    record(store, "thumbs_down", 50)
    says(page, "thumbs_down", before + 50)
    strip = card(page, "thumbs_down").locator(".strip")
    tiles = strip.locator(".tile")
    box = tiles.first.locator("img").bounding_box()
    assert min(box["width"], box["height"]) >= 64
    for _ in range(10):
        strip.evaluate("strip => strip.scrollTo(strip.scrollWidth, 0)")
        page.wait_for_timeout(400)
    expect(tiles).to_have_count(before + 50)
    expect(tiles.last.locator("img[src]")).to_be_visible()
    tiles.last.click()
    expect(page.get_by_role("dialog").get_by_text(f"Sample 1 of {before + 50}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert stored(workspace, "thumbs_down") == before + 50


def test_a_timed_recording_begins_with_a_press_and_ends_by_itself(page, workspace):
    press_text(page, "Timed")
    button = button_to_hold(page, "point_up")
    expect(button).to_have_accessible_name("Record point_up")  # no longer “Hold to record”
    button.click()
    expect(page.get_by_role("button", name="Stop recording point_up")).to_be_visible()
    expect(card(page, "point_up").locator(".count")).to_have_text(re.compile("⏳ [123] s"))
    keeps(page, "point_up")
    assert kept(page, "point_up") == stored(workspace, "point_up") >= 3


def test_leaving_the_page_ends_a_recording_and_keeps_its_samples(page, workspace, store):
    before = stored(workspace, "thumbs_down")
    press_text(page, "Start / stop")
    person = page.get_by_label("Person", exact=True)
    person.fill("somebody else")  # amid the running stream
    person.press("Enter")
    settled(page)
    button_to_hold(page, "thumbs_down").click()
    keeps(page, "thumbs_down", 5)
    go(page, "Train")
    settled(page)
    time.sleep(2)
    there = stored(workspace, "thumbs_down") - before
    assert there >= 5
    time.sleep(2)
    assert stored(workspace, "thumbs_down") - before == there
    assert "somebody else" in [p.name for p in store.persons(store.project("My gestures").id)]
