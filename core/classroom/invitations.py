"""Invitations to record into one project: the links, the devices that joined by them, their names.

All are in the memory of the server's process: a restart ends them, and nobody can read them in the
workspace. A link's secret is not held at all: it is computed from the invitation's number with a
key of the process. Of a device's cookie only the hash is held.
"""

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from core.errors import AccessError, LabelError
from core.gestures.labels import safe_name
from core.store import Project
from core.words import words

DEFAULT_VALID_S = 2 * 3600.0
MAX_GUESTS = 100  # devices per link; one without a name makes room for the next
MAX_INVITATIONS = 100  # the oldest are forgotten
REVOKED = words("The owner has ended this class. What was recorded is saved.")
EXPIRED = words("The time of this class is over. What was recorded is saved.")
UNKNOWN = words("This link is not valid any more: ask for a new one.")
_KEY_BYTES, _SECRET_BYTES, _COOKIE_BYTES = 32, 24, 32


@dataclass(eq=False)
class Invitation:
    """The right to record into one project until it expires or is revoked.

    Attributes:
        owner: of the project; "" without a login.
        expires_s: in seconds since 1970.
        guests: the devices that joined, by the hash of their cookie.
    """

    number: int
    owner: str
    project: Project
    expires_s: float
    clock: Callable[[], float]
    is_revoked: bool = False
    guests: dict[str, "Guest"] = field(default_factory=dict)

    @property
    def problem(self) -> str:
        """Why the right has ended, as text for guests; "" while it holds."""
        if self.is_revoked:
            return REVOKED
        return EXPIRED if self.clock() >= self.expires_s else ""


@dataclass(eq=False)
class Guest:
    """A device that joined.

    Attributes:
        key: the hash of its cookie.
        name: of the person that it records; "" until it is chosen.
        sessions: ids of the store's sessions that it recorded; replaced, never changed.
    """

    key: str
    invitation: Invitation
    name: str = ""
    sessions: frozenset[int] = frozenset()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add_session(self, session_id: int) -> None:
        """Note a session that the guest recorded."""
        with self._lock:
            self.sessions |= {session_id}

    def check(self) -> None:
        """Raise AccessError if the right has ended."""
        if self.invitation.problem:
            raise AccessError(self.invitation.problem)


class Invitations:
    """The invitations of this process. Any thread may call it.

    Args:
        clock: returns seconds since 1970, so that the time of a machine's sleep counts.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._invitations: list[Invitation] = []
        self._count = 0

    def invite(self, owner: str, project: Project, valid_s: float = DEFAULT_VALID_S) -> Invitation:
        """Create an invitation into a project of this owner."""
        with self._lock:
            self._count += 1
            expires_s = self._clock() + valid_s
            new = Invitation(self._count, owner, project, expires_s, self._clock)
            self._invitations = [*self._invitations, new][-MAX_INVITATIONS:]
            return new

    def revoke(self, invitation: Invitation) -> None:
        """End an invitation's right now."""
        invitation.is_revoked = True

    def secret(self, invitation: Invitation) -> str:
        """Return the secret of an invitation's link: 192 bits."""
        digest = hmac.digest(self._key, str(invitation.number).encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:_SECRET_BYTES]).decode()

    def current(self, owner: str, project: Project) -> Invitation | None:
        """Return the newest invitation into a project that has not ended; None if there is none."""
        with self._lock:
            own = [
                one
                for one in self._invitations
                if (one.owner, one.project.id) == (owner, project.id)
                and one.project.created_at == project.created_at
                and not one.problem
            ]
        return own[-1] if own else None

    def join(self, secret: str, cookie: str = "") -> str:
        """Return the cookie for a link's secret: the given one if the device has joined already.
        Raise AccessError if the link is wrong, its right has ended, or too many have joined."""
        text = secret.encode("utf-8", "replace")
        with self._lock:
            fitting = [
                one
                for one in self._invitations
                if hmac.compare_digest(self.secret(one).encode(), text)
            ]
            if not fitting:
                raise AccessError(UNKNOWN)
            if fitting[0].problem:
                raise AccessError(fitting[0].problem)
            if _hash_cookie(cookie) in fitting[0].guests:
                return cookie
            return _add_guest(fitting[0])

    def find(self, cookie: str) -> Guest | None:
        """Return the guest with this cookie, also once the right has ended; None if unknown."""
        return self._find_key(_hash_cookie(cookie)) if cookie else None

    def guest(self, key: str) -> Guest:
        """Return the guest with this key; raise AccessError if unknown."""
        found = self._find_key(key)
        if found is None:
            raise AccessError(UNKNOWN)
        return found

    def _find_key(self, key: str) -> Guest | None:
        with self._lock:
            found = (one.guests[key] for one in self._invitations if key in one.guests)
            return next(found, None)

    def name_guest(self, guest: Guest, name: str) -> None:
        """Give a guest the name of its person; raise as `check_guest_name`."""
        with self._lock:
            guest.name = check_guest_name(guest, name)


def check_guest_name(guest: Guest, name: str) -> str:
    """Return a name that a guest may take, normalised. Raise LabelError if it is invalid, another
    guest has it, or the guest has one already; AccessError if the right has ended."""
    safe = safe_name(name)
    guest.check()
    if guest.name:
        raise LabelError(words("you are “{name}” here already", name=guest.name))
    if safe.casefold() in {one.name.casefold() for one in [*guest.invitation.guests.values()]}:
        raise LabelError(
            words(
                "somebody else here is “{name}” already: add a letter of your family name",
                name=safe,
            )
        )
    return safe


def _hash_cookie(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()


def _add_guest(invitation: Invitation) -> str:
    """Add a device and return its cookie; raise AccessError if all places have names."""
    guests = invitation.guests
    if len(guests) >= MAX_GUESTS:
        nameless = next((key for key, one in guests.items() if not one.name), None)
        if nameless is None:
            raise AccessError(
                words("{n} people have joined already: ask for another link.", n=MAX_GUESTS)
            )
        del guests[nameless]
    cookie = secrets.token_urlsafe(_COOKIE_BYTES)
    key = _hash_cookie(cookie)
    guests[key] = Guest(key, invitation)
    return cookie
