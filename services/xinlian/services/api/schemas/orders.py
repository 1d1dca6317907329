"""Orders: their items by kind, what is to be signed, and the states of an order."""

from __future__ import annotations

import dataclasses
import functools
import operator
import typing
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, create_model
from pydantic import WithJsonSchema as Schema
from xinlian.ledger.model.ids import parse_address, to_checksum
from xinlian.ledger.model.items import ITEM_TYPES, Item
from xinlian.ledger.model.layouts import BY_NAME, LAYOUTS
from xinlian.services.api.schemas.common import (
    AMOUNT_MAX,
    SAFE_MAX,
    Body,
    DigestText,
    Hex32,
    PartyNo,
    PieceNo,
    UnixSeconds,
    View,
    hex32,
    unhex,
)

__all__ = [
    "OrderDraft",
    "OrderView",
    "PreparedView",
    "SignedOrderBody",
    "items_of",
    "items_view",
]

ITEMS_MAX: Final = 100
NonceText = Annotated[
    str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,77})$"), Field(examples=["41"])
]


def _address(text: str) -> str:
    parse_address(text)
    return text


AddressText = Annotated[
    str,
    AfterValidator(_address),
    Schema(
        {
            "type": "string",
            "format": "eth-address",
            "pattern": "^0x[0-9a-fA-F]{40}$",
            "description": "Mixed case has to be the checksum of EIP-55.",
            "examples": ["0x" + "5a" * 20],
        }
    ),
]
SignatureText = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-f]{130}$")]
DeadlineSeconds = Annotated[int, Field(ge=1, le=2**32 - 1, examples=[1_764_550_800])]

# Narrower than the Solidity types where only narrower values mean anything.
_BY_FIELD: Final[dict[str, Any]] = {
    "piece": PieceNo,
    "other": PieceNo,
    "payee": PartyNo,
    "paying_bank": PartyNo,
    "to": PartyNo,
    "funder": PartyNo,
    "bank": PartyNo,
    "issuer": PartyNo,
    "seller": PartyNo,
    "face": Annotated[int, Field(ge=0, le=AMOUNT_MAX)],
    "amount": Annotated[int, Field(ge=0, le=AMOUNT_MAX)],
    "price": Annotated[int, Field(ge=0, le=AMOUNT_MAX)],
    "financing": Annotated[int, Field(ge=0, le=SAFE_MAX)],
    "account": AddressText,
}
_BY_TYPE: Final[dict[str, Any]] = {
    "uint8": Annotated[int, Field(ge=0, le=255)],
    "uint32": Annotated[int, Field(ge=0, le=2**32 - 1)],
    "uint64": Annotated[int, Field(ge=0, le=SAFE_MAX)],
    "bool": bool,
    "bytes32": Hex32,
    "address": AddressText,
}


def _item_model(kind: type[Item]) -> type[Body]:
    fields: dict[str, Any] = {
        attribute: (_BY_FIELD.get(attribute, _BY_TYPE[solidity]), ...)
        for attribute, _, solidity in LAYOUTS[kind].fields
    }
    return create_model(f"{kind.__name__}Item", __base__=Body, __doc__=kind.__doc__, **fields)


def _items_model(kind: type[Item]) -> type[Body]:
    literal: Any = Literal[kind.__name__]
    item: Any = _item_model(kind)
    several: Any = Annotated[list[item], Field(min_length=1, max_length=ITEMS_MAX)]
    return create_model(
        f"{kind.__name__}Items",
        __base__=Body,
        __doc__=f"Items of an order of the kind {kind.__name__}.",
        kind=(literal, ...),
        items=(several, ...),
    )


_ITEMS_MODELS: Final = tuple(_items_model(kind) for kind in ITEM_TYPES)
if typing.TYPE_CHECKING:
    AnyItems = Any
else:
    AnyItems = Annotated[functools.reduce(operator.or_, _ITEMS_MODELS), Field(discriminator="kind")]


class OrderDraft(Body):
    """An order to be made: 1 to 100 items of one kind; ``deadline`` by default in an hour."""

    content: AnyItems
    deadline: DeadlineSeconds | None = None


class SignedOrderBody(Body):
    """A signed order: exactly what was prepared, and one or two signatures (r, s, v)."""

    party: PartyNo
    nonce: NonceText
    deadline: DeadlineSeconds
    content: AnyItems
    signatures: Annotated[list[SignatureText], Field(min_length=1, max_length=2)]


class PreparedView(View):
    """What is to be signed. ``typed_data`` goes to ``eth_signTypedData_v4`` as it is."""

    digest: DigestText
    party: PartyNo
    nonce: NonceText
    deadline: UnixSeconds
    content: AnyItems
    typed_data: dict[str, Any]
    signatures_needed: Annotated[int, Field(ge=1, le=2)]


class _OrderBase(View):
    digest: DigestText
    party: PartyNo
    kind: str
    exists: Annotated[
        bool, Field(description="Whether the order was known before this request.")
    ] = False


class FailureView(View):
    """Why an order came to nothing: the contracts' reason by stable code."""

    code: str
    message: str
    message_zh: str
    fields: dict[str, Any]


class Effect(View):
    """One fact that an order brought about: an event of the contracts, its arguments by name."""

    name: str
    args: dict[str, Any]


class OrderSubmitted(_OrderBase):
    """Kept durably here; no block holds it yet."""

    state: Literal["submitted"]


class OrderIncluded(_OrderBase):
    """In a block that is not yet beyond recall."""

    state: Literal["included"]
    block: int
    tx_hash: Hex32


class OrderFinal(_OrderBase):
    """Took effect, beyond recall."""

    state: Literal["final"]
    block: int
    tx_hash: Hex32 | None
    effects: list[Effect]


class OrderFailed(_OrderBase):
    """Came to nothing. ``dead``: for ever, its nonce is used up; otherwise whoever has the signed
    order could still have it carried until its deadline."""

    state: Literal["failed"]
    dead: bool
    block: int | None
    tx_hash: Hex32 | None
    failure: FailureView


OrderView = Annotated[
    OrderSubmitted | OrderIncluded | OrderFinal | OrderFailed, Field(discriminator="state")
]


def items_of(content: Any) -> tuple[Item, ...]:
    """The ledger's items from a content that was validated."""
    layout = BY_NAME[content.kind]
    return tuple(
        layout.item_type(
            *(
                _inward(solidity, getattr(item, attribute))
                for attribute, _, solidity in layout.fields
            )
        )
        for item in content.items
    )


def items_view(items: tuple[Item, ...]) -> dict[str, Any]:
    """The JSON content of the ledger's items."""
    return {
        "kind": type(items[0]).__name__,
        "items": [
            {
                field.name: _outward(getattr(item, field.name), field.name)
                for field in dataclasses.fields(item)  # type: ignore[arg-type]
            }
            for item in items
        ],
    }


def _inward(solidity: str, value: Any) -> Any:
    if solidity == "bytes32":
        return unhex(value)
    return parse_address(value) if solidity == "address" else value


def _outward(value: Any, name: str) -> Any:
    if isinstance(value, bytes):
        return to_checksum(value) if name == "account" else hex32(value)
    return value if isinstance(value, bool) else int(value)
