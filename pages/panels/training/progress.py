"""How far a training or a measurement is, in words."""

from core.gestures.labels import safe_label
from core.jobs.measuring import LEFT_OUT, NAMES, done_of
from core.jobs.trainings import KIND
from core.learning.runs import Run


def progress_of(run: Run) -> tuple[float, str]:
    """The share that is done, 0..1, and what is being done."""
    if KIND in run.about():
        done, total, name = done_of(run)
        kind = "learning from all but" if run.about()[KIND] == LEFT_OUT else "learning:"
        text = safe_label(f"{done} of {total} · {kind} {NAMES.get(name, name)}") if name else ""
        return done / total, text or "saving …"
    epochs, answers = run.records("epoch"), ""
    if not epochs:
        return 0.0, "starting …"
    if run.records("usable"):
        answers = " · it answers already, the final model follows by itself"
    if run.records("refit"):
        return 1.0, f"learning from all samples{answers}"
    last = epochs[-1]
    return last["epoch"] / last["epochs"], f"epoch {last['epoch']} of {last['epochs']}{answers}"
