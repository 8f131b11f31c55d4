"""The gesture cards' messages: each is obeyed once, in order, whatever is lost or repeated."""

import base64

import cv2
import numpy as np

from core.admin.erasing import delete_project_pictures
from core.paths import Paths
from pages.components.gesture_cards import Inbox
from pages.panels.recording.cards import thumbnail_urls
from tests.exchange.conftest import sample
from tests.pages.conftest import record


def words(*numbers, page="a", n=None, missing=()):
    """What a browser says: these messages, and perhaps more after them that Python has answered."""
    messages = [{"n": number, "kind": "beat"} for number in numbers]
    return {
        "page": page,
        "n": n or max(numbers, default=0),
        "messages": messages,
        "missing": list(missing),
    }


def taken(inbox, said):
    return [message["n"] for message in inbox.take(said)]


def test_a_message_that_is_repeated_until_it_is_answered_counts_once():
    inbox = Inbox()
    assert inbox.take(None) == []
    assert taken(inbox, words(1, n=2)) == [1]
    assert taken(inbox, words(1, 3, n=4)) == [3]
    assert taken(inbox, words(1, 3, n=4)) == []
    assert inbox.heard == 4
    assert taken(inbox, words(5, 6, 8)) == [5, 6, 8]  # merged with the next


def test_words_that_come_late_bring_nothing_back():
    inbox = Inbox()
    taken(inbox, words(1, 2, 3, missing=[7]))
    assert taken(inbox, words(1, 2, missing=[6, 7])) == []
    assert (inbox.heard, inbox.missing) == (3, [7])


def test_another_mount_of_the_page_counts_anew():
    inbox = Inbox()
    taken(inbox, words(8))
    assert taken(inbox, words(1, page="b")) == [1]
    assert (inbox.page, inbox.heard) == ("b", 1)


def test_a_card_shows_no_picture_that_was_forgotten(store, workspace):
    project = store.create_project("p")
    [shown] = record(store, "ok", 1)
    session = store.start_session(project.id, store.ensure_person(project.id, "Ada").id, "webcam")
    burst = store.start_recording(session, store.gestures(project.id)[0].id)
    [seen] = store.add_samples(burst, [sample(4)])
    before = _pixels(thumbnail_urls(store, [seen])[str(seen)])
    delete_project_pictures(store, Paths.find(workspace), project)
    after = thumbnail_urls(store, [seen, shown])
    ground = np.median(_pixels(after[str(seen)]), axis=(0, 1))
    assert np.abs(ground - 40).max() <= 3  # keypoints on plain grey, as of one without a picture
    assert np.abs(_pixels(after[str(seen)]).astype(int) - before).mean() > 20


def _pixels(address):
    jpeg = base64.b64decode(address.removeprefix("data:image/jpeg;base64,"))
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
