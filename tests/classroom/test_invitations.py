"""A link is a right to record into one project, which ends; a device that joined has one name."""

from dataclasses import replace

import pytest

from core.classroom import invitations as module
from core.classroom.invitations import (
    DEFAULT_VALID_S,
    EXPIRED,
    MAX_GUESTS,
    MAX_INVITATIONS,
    REVOKED,
    UNKNOWN,
    Invitations,
)
from core.errors import AccessError, LabelError


def test_a_link_lets_in_many_devices_each_with_a_cookie_of_its_own(invitations, invitation):
    secret = invitations.secret(invitation)
    cookies = {invitations.join(secret) for _ in range(20)}
    assert len(cookies) == 20
    guests = {invitations.find(cookie) for cookie in cookies}
    assert len(guests) == 20 and {guest.invitation for guest in guests} == {invitation}
    assert invitations.join(secret, min(cookies)) == min(cookies)  # it has joined already
    assert len(invitation.guests) == 20


def test_secrets_are_long_differ_and_are_held_nowhere(invitations, project):
    made = [invitations.invite("", project) for _ in range(20)]
    secrets = {invitations.secret(one) for one in made}
    assert len(secrets) == 20 and min(map(len, secrets)) == 32  # 192 bits in base64
    other = Invitations()
    assert other.secret(other.invite("", project)) not in secrets  # another process, another key
    cookie = invitations.join(min(secrets))
    held = repr([vars(one) for one in made])
    assert cookie not in held and not any(secret in held for secret in secrets)


@pytest.mark.parametrize("change", ["", "x", "ü", "\udcff", "A" * 32])
def test_a_wrong_secret_or_cookie_gives_nothing(invitations, invitation, change):
    secret = invitations.secret(invitation)
    for wrong in (change, secret[:-1] + change, secret + change + "x"):
        if wrong != secret:
            with pytest.raises(AccessError, match=UNKNOWN):
                invitations.join(wrong)
    cookie = invitations.join(secret)
    assert invitations.find(change) is None and invitations.find(cookie[:-1] + change + "_") is None


def test_what_a_cookie_is_held_as_is_no_cookie(invitations, join):
    assert invitations.find(join().key) is None


def test_the_right_ends_after_its_time_and_says_so(invitations, invitation, join, project):
    guest = join("Ada")
    invitations.now_s += DEFAULT_VALID_S - 1
    guest.check()
    assert invitations.current("", project) is invitation
    invitations.now_s += 1
    with pytest.raises(AccessError, match=EXPIRED):
        guest.check()
    with pytest.raises(AccessError, match=EXPIRED):
        invitations.join(invitations.secret(invitation))
    assert invitations.current("", project) is None and invitations.guest(guest.key) is guest


def test_a_revoked_link_lets_nobody_in_and_another_one_is_another(
    invitations, invitation, join, project
):
    guest, secret = join("Ada"), invitations.secret(invitation)
    invitations.revoke(invitation)
    for use in (guest.check, lambda: invitations.join(secret)):
        with pytest.raises(AccessError, match=REVOKED):
            use()
    again = invitations.invite("", project)
    assert invitations.secret(again) != secret and again.problem == ""
    with pytest.raises(AccessError, match=REVOKED):
        guest.check()


def test_an_invitation_is_found_by_its_owner_and_project_alone(invitations, invitation, project):
    assert invitations.current("", project) is invitation
    assert invitations.current("anna", project) is None
    for other in (replace(project, id=project.id + 1), replace(project, created_at="later")):
        assert invitations.current("", other) is None


def test_two_guests_with_one_name_are_told_so(join):
    join("Ada")
    for same in ("Ada", " ada ", "ADA"):
        with pytest.raises(LabelError, match="already: add a letter of your family name"):
            join(same)
    assert join("Ada L").name == "Ada L"


@pytest.mark.parametrize("name", ["", "  ", "a" * 41, "a\u202eb", "a\nb"])
def test_a_name_keeps_the_rules_of_names(join, name):
    guest = join()
    with pytest.raises(LabelError):
        module.check_guest_name(guest, name)
    assert guest.name == ""


def test_a_name_is_given_once_and_not_after_the_end(invitations, invitation, join):
    ada, late = join("Ada"), join()
    with pytest.raises(LabelError, match="you are “Ada” here already"):
        invitations.name_guest(ada, "Grace")
    invitations.revoke(invitation)
    with pytest.raises(AccessError, match=REVOKED):
        invitations.name_guest(late, "Grace")
    assert (ada.name, late.name) == ("Ada", "")


def test_places_without_a_name_make_room_and_full_is_full(invitations, invitation, join):
    nameless = join()
    for number in range(MAX_GUESTS):
        join(f"guest {number}")
    assert nameless.key not in invitation.guests
    with pytest.raises(AccessError, match=f"{MAX_GUESTS} people have joined already"):
        invitations.join(invitations.secret(invitation))


def test_the_number_of_invitations_is_bounded(invitations, invitation, join, project):
    guest = join("Ada")
    for _ in range(MAX_INVITATIONS):
        invitations.invite("", project)
    with pytest.raises(AccessError, match=UNKNOWN):
        invitations.guest(guest.key)
