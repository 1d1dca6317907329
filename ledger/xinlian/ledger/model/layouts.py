"""How items lie in bytes, worked out once per kind from the annotations of its class."""

from __future__ import annotations

import dataclasses
import struct
import typing
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from xinlian.ledger.model.items import ITEM_TYPES, ContractName, Item
from xinlian.ledger.model.keccak import keccak256

# Each field stands in a 32-byte word, numbers at its end. `struct` checks the ranges itself.
_WORD: Final = {
    "uint8": "31xB",
    "uint32": "28xI",
    "uint64": "24xQ",
    "bool": "31x?",
    "bytes32": "32s",
    "address": "12x20s",
}
_BYTES: Final = {"bytes32": 32, "address": 20}
WORD_BYTES: Final = 32


class OrderError(ValueError):
    """An order or item cannot be written down as the contracts want it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything that is fixed for one kind of order."""

    contract: ContractName
    kind: int
    name: str
    item_type: type[Item]
    fields: tuple[tuple[str, str, str], ...]
    """(attribute, Solidity name, Solidity type) in the order of the struct."""
    order_type: str
    order_type_hash: bytes
    item_type_hash: bytes
    words: struct.Struct
    values: Any
    """Getter of all fields of an item as a tuple."""
    sized: tuple[tuple[int, int], ...]
    """(position, length) of the fields that are bytes."""

    def encode(self, item: Item) -> bytes:
        """The words of an item. Raises ``OrderError`` if a field does not fit its type."""
        row = self.values(item)
        for position, length in self.sized:
            if len(row[position]) != length:
                field = self.fields[position][0]
                raise OrderError(
                    f"{self.name}.{field} has {len(row[position])} bytes, not {length}"
                )
        try:
            return self.words.pack(*row)
        except struct.error as exc:
            raise OrderError(f"a field of {self.name} is out of range: {exc}") from exc

    def decode(self, data: bytes) -> Item:
        """The item in ``data`` (the words of one item). Only the one canonical form is read."""
        if len(data) != self.words.size:
            raise OrderError(f"{self.name} has {self.words.size} bytes, not {len(data)}")
        row = self.words.unpack(data)
        if self.words.pack(*row) != data:
            raise OrderError(f"{self.name} has stray bytes beside its values")
        return self.item_type(*row)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def _layout(item_type: type[Item]) -> Layout:
    hints = typing.get_type_hints(item_type, include_extras=True)
    fields: list[tuple[str, str, str]] = []
    for field in dataclasses.fields(item_type):  # type: ignore[arg-type]
        marks = hints[field.name].__metadata__
        fields.append((field.name, marks[1] if len(marks) > 1 else _camel(field.name), marks[0]))
    name = item_type.__name__
    members = ",".join(f"{solidity_type} {solidity}" for _, solidity, solidity_type in fields)
    item_string = f"{name}Item({members})"
    order_string = (
        f"{name}(uint32 party,uint256 nonce,uint64 deadline,{name}Item[] items){item_string}"
    )
    getter = attrgetter(*(attribute for attribute, _, _ in fields))
    return Layout(
        contract=item_type.contract,
        kind=item_type.kind,
        name=name,
        item_type=item_type,
        fields=tuple(fields),
        order_type=order_string,
        order_type_hash=keccak256(order_string.encode()),
        item_type_hash=keccak256(item_string.encode()),
        words=struct.Struct(">" + "".join(_WORD[solidity_type] for _, _, solidity_type in fields)),
        values=getter if len(fields) > 1 else lambda item: (getter(item),),
        sized=tuple(
            (position, _BYTES[solidity_type])
            for position, (_, _, solidity_type) in enumerate(fields)
            if solidity_type in _BYTES
        ),
    )


LAYOUTS: Final[dict[type[Item], Layout]] = {kind: _layout(kind) for kind in ITEM_TYPES}
"""Layout by class of item."""

BY_KIND: Final[dict[tuple[ContractName, int], Layout]] = {
    (layout.contract, layout.kind): layout for layout in LAYOUTS.values()
}
"""Layout by contract and number of the kind there."""

BY_NAME: Final[dict[str, Layout]] = {layout.name: layout for layout in LAYOUTS.values()}
"""Layout by name of the kind, such as ``Transfer``."""
