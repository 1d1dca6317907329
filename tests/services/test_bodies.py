"""What people send: words of a list arrive as text, so every body has to take them as text."""

import enum
import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import Strict
from xinlian.services.api import schemas
from xinlian.services.api.schemas.common import Body


def _classes(base: type[Body]) -> Iterator[type[Body]]:
    for child in base.__subclasses__():
        yield child
        yield from _classes(child)


def _enums(annotation: Any) -> Iterator[type[enum.Enum]]:
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        yield annotation
    for part in get_args(annotation):
        yield from _enums(part)


def _fields() -> list[tuple[type[Body], str]]:
    for module in pkgutil.iter_modules(schemas.__path__):
        importlib.import_module(f"{schemas.__name__}.{module.name}")
    return sorted(
        (
            (body, name)
            for body in set(_classes(Body))
            for name, field in body.model_fields.items()
            if any(_enums(field.annotation))
        ),
        key=lambda found: (found[0].__name__, found[1]),
    )


@pytest.mark.parametrize(("body", "name"), _fields())
def test_a_word_of_a_list_is_taken_as_text(body: type[Body], name: str) -> None:
    assert Strict(strict=False) in body.model_fields[name].metadata
