"""What the tests of a class share: invitations with a clock that is set, and their guests."""

import pytest

from core.classroom.invitations import Invitations


class TimedInvitations(Invitations):
    """Invitations with a clock that is set."""

    def __init__(self):
        self.now_s = 1000.0
        super().__init__(lambda: self.now_s)


@pytest.fixture
def invitations():
    return TimedInvitations()


@pytest.fixture
def project(store):
    return store.create_project("Class 5b")


@pytest.fixture
def invitation(invitations, project):
    return invitations.invite("", project)


@pytest.fixture
def join(invitations, invitation):
    """join(name): a device that joins, with the name of its person."""

    def join_as(name=""):
        guest = invitations.find(invitations.join(invitations.secret(invitation)))
        if name:
            invitations.name_guest(guest, name)
        return guest

    return join_as
