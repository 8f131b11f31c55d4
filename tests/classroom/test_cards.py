"""A guest's cards: record and delete one's own samples, until the right ends, and nothing else."""

from contextlib import nullcontext

import pytest

from core.classroom.cards import GuestCards
from core.classroom.invitations import EXPIRED, REVOKED
from core.classroom.watch import DELETED
from core.live.cards import CardsSetup
from core.live.live import Latest
from core.recording.plans import HELD
from core.recording.recorder import Recorder
from core.store.bin import delete_samples
from tests.pages.conftest import record
from tests.recording.conftest import hand, offer


class Video:
    """A camera that runs."""

    def latest(self):
        return Latest(frames=1)


class Desk:
    """A guest at a device: cards, recorder, and its clock."""

    def __init__(self, store, project, guest):
        self.now_s = 100.0
        self.recorder = Recorder(store, project.id, guest.name, clock=lambda: self.now_s)
        setup = CardsSetup(self.recorder, Video(), HELD)
        self.cards = GuestCards(project.id, setup, nullcontext, guest=guest)
        self._n = 0

    def say(self, kind, **more):
        self._n += 1
        self.cards.receive({"n": self._n, "kind": kind, **more})
        return self.cards.state()

    def show(self, seconds, beats=True):
        """Show a moving hand for so long, while the button is held."""
        begun_s = self.now_s
        while self.now_s - begun_s < seconds - 1e-9:
            self.now_s += 0.1
            offer(self.recorder, self.now_s, hand(shift=200 * (self.now_s % 1)))
            if beats:
                self.cards.receive({"n": 0, "kind": "beat", "held": 1000 * (self.now_s - begun_s)})

    def hold(self, gesture, seconds=2.0):
        self.say("begin", gesture=gesture, held=0)
        self.show(seconds)
        return self.say("end", held=1000 * seconds)


@pytest.fixture
def desk(store, project, join):
    """desk(name): a guest of the class, at a device."""
    desks = []

    def sit_down(name):
        desks.append(Desk(store, project, join(name)))
        return desks[-1]

    yield sit_down
    for one in desks:
        one.recorder.close()


@pytest.fixture
def fist(store, project):
    return next(g.id for g in store.gestures(project.id) if g.name == "fist")


def row(state, name="fist"):
    return next(card for card in state["cards"] if card["name"] == name)


def test_what_is_held_is_stored_with_the_guest_as_person(store, project, desk, fist):
    state = desk("Ada").hold(fist)
    stored = store.samples(project.id)
    assert len(stored) == row(state)["samples"] > 10
    [person] = store.persons(project.id)
    assert person.name == "Ada" and not state["can_edit"] and state["problem"] == ""


def test_each_sees_the_own_samples_alone(store, project, desk, fist):
    others = record(store, "fist", 5)
    ada, ben = desk("Ada"), desk("Ben")
    first, second = row(ada.hold(fist)), row(ben.hold(fist))
    assert not {*first["crops"]} & {*second["crops"], *others}
    assert len(store.samples(project.id)) == first["samples"] + second["samples"] + 5
    for ids in (second["crops"], others):
        ada.say("pictures", ids=ids)
        ada.say("enlarge", sample=ids[0])
        assert ada.cards.pictures() == ada.cards.enlarged_picture() == {}
    ada.say("pictures", ids=first["crops"][:2])
    assert len(ada.cards.pictures()) == 2


def test_own_samples_can_be_deleted_and_no_others(store, project, desk, fist):
    others = record(store, "fist", 5, person="Ada")  # of a lesson before
    ada, ben = desk("Ada"), desk("Ben")
    card, theirs = row(ada.hold(fist)), row(ben.hold(fist))["crops"]
    before = len(store.samples(project.id))
    for sample in (theirs[0], others[0], 10**6):
        assert "isn't one of yours" in ada.say("delete", sample=sample)["problem"]
    assert len(store.samples(project.id)) == before
    assert row(ada.say("delete", sample=card["crops"][0]))["samples"] == card["samples"] - 1
    assert len(store.samples(project.id)) == before - 1


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("add", {"name": "x", "emoji": "", "moves": False}),
        ("rename", {"name": "x", "emoji": ""}),
        ("remove", {}),
        ("start", {}),
        ("stop", {}),
        ("made up", {}),
    ],
)
def test_gestures_are_not_changed_and_nothing_records_without_a_held_button(
    store, project, desk, fist, kind, more
):
    before = store.gestures(project.id)
    state = desk("Ada").say(kind, gesture=fist, **more)
    assert state["problem"] == "You can record here, but not change the gestures."
    assert store.gestures(project.id) == before and state["recording"] is None


def test_gestures_and_samples_of_another_project_are_out_of_reach(store, desk):
    other = store.create_project("Other")
    [gesture, *_] = store.gestures(other.id)
    session = store.start_session(other.id, store.ensure_person(other.id, "Ada").id, "test")
    recording = store.start_recording(session, gesture.id)
    ada = desk("Ada")
    state = ada.hold(gesture.id)
    assert "That gesture is gone" in state["problem"]
    assert store.samples(other.id) == [] and ada.recorder.session_id is None and recording


@pytest.mark.parametrize("end", ["revoke", "expire"])
def test_the_end_stops_a_hold_says_why_and_keeps_what_was_confirmed(
    store, project, invitations, invitation, desk, fist, end
):
    ada = desk("Ada")
    ada.say("begin", gesture=fist, held=0)
    ada.show(2.0)
    if end == "revoke":
        invitations.revoke(invitation)
    else:
        invitations.now_s = invitation.expires_s
    ada.show(2.0)
    state = ada.say("end", held=4000)
    reason = REVOKED if end == "revoke" else EXPIRED
    assert (state["problem"], state["recording"]) == (reason, None)
    ada.recorder.stop()
    count = len(store.samples(project.id))
    assert 10 < count <= 20  # of the 2 s before the end, and none of those after it
    assert ada.say("begin", gesture=fist, held=0)["problem"] == reason
    assert ada.say("delete", sample=row(ada.cards.state())["crops"][0])["problem"] == reason
    assert len(store.samples(project.id)) == count


def test_a_project_that_is_deleted_meanwhile_is_said_in_words(store, project, desk, fist):
    ada = desk("Ada")
    ada.hold(fist)
    store.delete_project(project.id)
    assert ada.say("begin", gesture=fist, held=0)["problem"] == DELETED


def test_samples_that_the_owner_deletes_are_gone_for_the_guest_too(store, project, desk, fist):
    ada = desk("Ada")
    ada.hold(fist)
    delete_samples(store, project.id, [sample.id for sample in store.samples(project.id)])
    assert row(ada.say("choose", gesture=fist))["crops"] == []
