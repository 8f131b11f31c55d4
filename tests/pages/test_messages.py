"""messages.d.ts, by which the pages' JavaScript is checked, says what core's messages are."""

import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

from core.actions import rules
from core.live import answers, browser_frames, cards, channel, session, streams
from pages import components
from pages.components import stage

TYPES = (Path(components.__file__).parent / "messages.d.ts").read_text(encoding="utf-8")
NAMES = {str: "string", int: "number", float: "number", bool: "boolean", Any: "unknown"}


def list_messages() -> Iterator[Any]:
    """Yield each TypedDict of the modules that send or receive messages."""
    for module in (answers, browser_frames, cards, channel, rules, session, streams, stage):
        for one in vars(module).values():
            if is_typeddict(one) and one.__module__ == module.__name__:
                yield one


def to_typescript(hint: Any) -> str:
    """Translate a Python type."""
    origin, inner = get_origin(hint), [to_typescript(one) for one in get_args(hint)]
    if is_typeddict(hint):
        return hint.__name__
    if origin is list:
        return f"({inner[0]})[]" if " | " in inner[0] else f"{inner[0]}[]"
    if origin is tuple:
        return f"[{', '.join(inner)}]"
    if origin is dict:
        return f"Record<{', '.join(inner)}>"
    if origin is types.UnionType:
        return " | ".join(inner)
    return "null" if hint is types.NoneType else NAMES[hint]


def declare_interface(message: Any) -> str:
    """Return a TypedDict as a TypeScript interface."""
    lines = []
    for name, hint in get_type_hints(message, include_extras=True).items():
        optional = get_origin(hint) is NotRequired
        text = to_typescript(get_args(hint)[0] if optional else hint)
        lines.append(f"  {name}{'?' if optional else ''}: {text}\n")
    return f"interface {message.__name__} {{\n{''.join(lines)}}}\n"


def test_every_message_is_declared_as_it_is_in_python():
    assert len(list(list_messages())) > 15
    wrong = [one for one in map(declare_interface, list_messages()) if one not in TYPES]
    assert wrong == []


def test_nothing_is_declared_as_a_message_that_python_does_not_know():
    declared = TYPES.partition("// ---")[0]
    named = re.findall(r"^interface (\w+)", declared, re.M)
    assert sorted(named) == sorted(one.__name__ for one in list_messages())
