"""All errors that Mudra raises. Each text says what came, what was expected and what to do; pages
and the command line show it unchanged."""


class MudraError(Exception):
    """Base of all errors, with a text for users."""

    @property
    def text(self) -> str:
        """The text for users; a `Words` where it was made from one, which `str` is not."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)


class MediaError(MudraError):
    """A picture, video or camera that can't be read or exceeds a limit."""


class ArchiveError(MudraError):
    """An unsafe zip."""


class TableError(MudraError):
    """A keypoint table with wrong columns or values."""


class SkeletonError(MudraError):
    """Keypoints of another skeleton than expected."""


class LabelError(MudraError):
    """A name that can't be a project's, gesture's or person's name."""


class WeightsError(MudraError):
    """A model file that is missing, altered or can't be fetched."""


class EstimatorError(MudraError):
    """An unknown estimator, or one used after close()."""


class WorkerError(MudraError):
    """A child process that crashed, took too long or too much memory, or met an error."""


class StoreError(MudraError):
    """The database refused an operation."""


class NotFoundError(StoreError):
    """No such project, gesture, person or sample."""


class KindError(StoreError):
    """Single frames for a moving gesture, or clips for a still one."""


class StoreFullError(StoreError):
    """The disk is full: nothing more is recorded."""


class TrainingError(MudraError):
    """Data that can't be trained on, or a training that went wrong."""


class ModelError(MudraError):
    """A gesture model that is missing, damaged or does not fit."""


class AccessError(MudraError):
    """No known user has logged in."""


class ActionError(MudraError):
    """An output that can't be opened: a port in use, a host that isn't known."""
