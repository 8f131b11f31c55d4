"""The exception tree is the one that its docstring draws."""

import inspect
import re

import pytest

from core import errors

CLASSES = dict(inspect.getmembers(errors, inspect.isclass))


def test_every_error_is_a_mudra_error() -> None:
    assert all(issubclass(cls, errors.MudraError) for cls in CLASSES.values())


def test_the_docstring_draws_every_class_once_under_its_parent() -> None:
    drawn = re.findall(r"^([│ ]*)[├└]── (\w+)", inspect.getdoc(errors) or "", re.MULTILINE)
    assert sorted(name for _, name in drawn) == sorted(set(CLASSES) - {"MudraError"})
    parents = {0: "MudraError"}
    for indent, name in drawn:
        depth = len(indent) // 4
        parents[depth + 1] = name
        assert CLASSES[name].__base__.__name__ == parents[depth]


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_an_error_shows_its_text_as_it_was_given(name: str) -> None:
    text = "the picture a.png is 60 MP, at most 50 MP are read: shrink it"
    assert str(CLASSES[name](text)) == text
