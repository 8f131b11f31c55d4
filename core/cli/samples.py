"""The commands about samples: list, delete, restore, move, balance."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from typer import Argument, Option

from core.cli import common
from core.errors import NotFoundError
from core.paths import Paths

app = typer.Typer(no_args_is_help=True, help="Samples: list, delete, restore, move, balance.")

Numbers = Annotated[list[int], Argument(help="The samples' numbers, as `list` shows them.")]


@common.command(app, "list")
def list_(
    paths: Paths,
    project: common.ProjectName,
    gesture: Annotated[str | None, Option(help="Only this gesture.")] = None,
    person: Annotated[str | None, Option(help="Of this person alone.")] = None,
    order: Annotated[str, Option(help="newest, doubtful or person.")] = "newest",
    limit: Annotated[int, Option(min=1, help="Maximum number.")] = 100,
    in_bin: common.InBin = False,
) -> common.Answer:
    """List a project's samples, filtered by gesture and person, ordered by date, doubt or
    person."""
    from core.review import reviewing
    from core.store.index import read_index, read_restorable_index, read_samples

    common.check_choice(order, reviewing.ORDERS, "--order")
    with common.open_store(paths) as store, common.progress_bar("detecting") as progress:
        home = store.project(project)
        gestures = {g.id: g.name for g in store.gestures(home.id)}
        persons = {p.id: p.name for p in store.persons(home.id)}
        sample_index = (
            read_restorable_index(store, home.id) if in_bin else read_index(store, home.id)
        )
        label_noise = None
        if order == reviewing.SUSPECTED and not in_bin:
            label_noise = reviewing.score_labels(store, paths, home, progress)
        wanted = reviewing.SampleFilter(
            _find_id(gesture, gestures, "gesture"), _find_id(person, persons, "person"), order=order
        )
        ids = reviewing.filter_and_sort_ids(
            sample_index, wanted, label_noise=label_noise, persons=tuple(persons)
        )
        known = (
            reviewing.select_scores(label_noise, sample_index, ids[:limit]) if label_noise else {}
        )
        # what is in the bin has a name, too: older versions left its samples outside
        gestures |= {g.id: g.name for g in store.gestures(home.id, deleted=True)}
        persons |= {p.id: p.name for p in store.persons(home.id, deleted=True)}
        who = dict(zip(sample_index.ids.tolist(), sample_index.persons.tolist(), strict=True))
        found = [
            {
                "number": sample.id,
                "gesture": gestures[sample.gesture_id],
                "person": persons[who[sample.id]],
                "taken_at": sample.taken_at,
                "source": sample.source,
                "doubt": known[sample.id].share if sample.id in known else None,
            }
            for sample in read_samples(store, ids[:limit].tolist())
        ]
    lines = [_format_sample(one) for one in found] + [f"{len(found):,} of {len(ids):,} samples"]
    return {"samples": found, "of": len(ids)}, "\n".join(lines)


def _format_sample(one: dict[str, Any]) -> str:
    score = "" if one["doubt"] is None else f"  label noise {one['doubt']:.0%}"
    return f"{one['number']:8}  {one['gesture']}  {one['person']}  {one['taken_at'][:19]}{score}"


@common.command(app)
def delete(paths: Paths, numbers: Numbers, project: common.ProjectName) -> common.Answer:
    """Move samples to the bin."""
    from core.store.bin import delete_samples

    with common.open_store(paths) as store:
        done = delete_samples(store, store.project(project).id, numbers)
    return {"deleted": done}, f"{done:,} in the bin: `samples restore` restores them"


@common.command(app)
def restore(paths: Paths, numbers: Numbers, project: common.ProjectName) -> common.Answer:
    """Restore samples from the bin."""
    from core.store.bin import restore_samples

    with common.open_store(paths) as store:
        done = restore_samples(store, store.project(project).id, numbers)
    return {"restored": done}, f"{done:,} are back"


@common.command(app)
def move(
    paths: Paths,
    numbers: Numbers,
    to: Annotated[str, Option(help="The gesture that they are.")],
    project: common.ProjectName,
) -> common.Answer:
    """Move samples to another gesture."""
    from core.store.bin import move_samples

    with common.open_store(paths) as store:
        home = store.project(project).id
        gesture = _find_id(to, {g.id: g.name for g in store.gestures(home)}, "gesture")
        done = move_samples(store, home, numbers, gesture or 0)
    return {"moved": done}, f"{done:,} are {to} now"


@common.command(app)
def balance(paths: Paths, project: common.ProjectName) -> common.Answer:
    """Count the samples of each gesture, and recommend what to record next."""
    from core.pose.skeletons.table import skeleton_named
    from core.review.balance import advise_next_recording, count_balance
    from core.store.index import read_index

    with common.open_store(paths) as store:
        home = store.project(project)
        rows = count_balance(read_index(store, home.id), store.gestures(home.id))
    found = [asdict(row) | {"gesture": row.gesture.name} for row in rows]
    skeleton = skeleton_named(home.skeleton)
    lines = [
        f"{row.gesture.name:12} {row.samples:7,} samples, {row.persons} persons, "
        f"{row.sessions} sessions"
        + (f", {row.left} left, {row.right} right" if skeleton.is_hand else "")
        for row in rows
    ]
    next_ = advise_next_recording(rows, skeleton.title)
    return {"gestures": found, "next": next_}, "\n".join([*lines, next_])


def _find_id(name: str | None, names: dict[int, str], kind: str) -> int | None:
    """Return the id for a name, ignoring case; None if the name is None. Raise NotFoundError if
    there is no such name."""
    if name is None:
        return None
    for row_id, known_name in names.items():
        if known_name.casefold() == name.strip().casefold():
            return row_id
    known = ", ".join(f"“{known_name}”" for known_name in names.values()) or "none yet"
    raise NotFoundError(f"no {kind} “{name}”; there are: {known}")
