"""Takes in Catena-X as-built data: the test-data container, a row per digital twin."""

from __future__ import annotations

from collections.abc import Iterator

from xinlian.trace.adapters.catenax.aspects import TwinReader
from xinlian.trace.adapters.catenax.container import Container, Twin
from xinlian.trace.model.capture import Problem, Row
from xinlian.trace.model.sources import SourceError

__all__ = ["catenax_rows"]


def catenax_rows(data: bytes, owner: int) -> Iterator[Row]:
    """A row per twin, in order: item, links and gaps, or its problem with the path.

    ``owner`` is the party that brings the container. Aspects that are not understood are listed as
    gaps; their content stays in the row's source, and what stands beside the twins is a row of its
    own. Raises ``SourceError`` where the whole is no container.
    """
    container = Container(data)
    reader = TwinReader((twin for twin in container.twins() if isinstance(twin, Twin)), owner)
    for twin in container.twins():
        if not isinstance(twin, Twin):
            number, place, source, error = twin
            yield _refused(number, place, source, error)
            continue
        try:
            yield Row(twin.number, twin.place, twin.source, reader.facts(twin))
        except SourceError as exc:
            yield _refused(twin.number, twin.place, twin.source, exc)
    if container.beside:
        yield Row(container.count + 1, "beside the twins", container.beside)


def _refused(number: int, place: str, source: str, error: SourceError) -> Row:
    path = f"{place}.{error.path}" if error.path else place
    return Row(number, place, source, problem=Problem(path, error.why, error.why_zh))
