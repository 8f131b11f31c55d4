"""The gesture cards' messages: each is obeyed once, in order, whatever is lost or repeated."""

from pages.components.gesture_cards import Inbox


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


def test_what_is_merged_with_the_next_is_heard_in_order():
    inbox = Inbox()
    taken(inbox, words(1))
    assert taken(inbox, words(2, 3, 5)) == [2, 3, 5]


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
