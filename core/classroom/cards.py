"""The gesture cards of a guest, who has the right to record into one project and nothing else."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager

from core.classroom.invitations import Guest
from core.classroom.watch import find_same_project
from core.errors import AccessError, NotFoundError
from core.live.cards import CardsCommand, CardsSetup, GestureCards
from core.words import words

# kinds of `GestureCards.receive`; the samples that they delete are the guest's own
_ALLOWED = {"begin", "beat", "end", "choose", "delete", "delete_different", "keep_different"}
_ALLOWED |= {"pictures", "more", "enlarge"}


class GuestCards(GestureCards):
    """The cards of a guest's project, whose right is checked at every command. A guest sees and
    deletes the samples of the own sessions alone."""

    can_edit = False

    def __init__(
        self,
        project_id: int,
        setup: CardsSetup,
        as_visitor: Callable[[], AbstractContextManager[object]],
        *,
        guest: Guest,
    ) -> None:
        super().__init__(project_id, setup, as_visitor)
        self._guest = guest

    def own_sessions(self) -> Collection[int]:
        """Return the store's sessions that this guest recorded."""
        return self._guest.sessions

    def apply(self, kind: str, command: CardsCommand) -> None:
        """Apply a command that the right allows. Raise AccessError, and end a recording, if the
        right has ended; NotFoundError if the project was deleted or a sample is another's."""
        try:
            self._guest.check()
        except AccessError:
            self._setup.recorder.stop(wait=False)
            raise
        if kind not in _ALLOWED:
            raise AccessError(words("You can record here, but not change the gestures."))
        if kind == "begin":
            find_same_project(self.store, self._guest.invitation.project)
        if kind == "delete" and not self.read_own([int(command["sample"])]):
            raise NotFoundError(words("That sample isn't one of yours."))
        super().apply(kind, command)
        if kind == "begin" and (session := self._setup.recorder.session_id) is not None:
            self._guest.add_session(session)
