"""Orders that a party signs (EIP-712) and anyone may carry to the contracts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from xinlian.ledger.model.ids import Address, PartyId, to_checksum
from xinlian.ledger.model.items import ContractName, Item
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.layouts import BY_KIND, LAYOUTS, Layout, OrderError

NAME: Final = "Xinlian"
VERSION: Final = "1"
NONCE_MAX: Final = (1 << 256) - 1
# The contracts take any uint64; SQL columns are signed, and nobody lives that long.
DEADLINE_MAX: Final = (1 << 63) - 1
SIGNATURE_BYTES: Final = 65

_DOMAIN_TYPE_HASH: Final = keccak256(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_NAME_HASH: Final = keccak256(NAME.encode())
_VERSION_HASH: Final = keccak256(VERSION.encode())
# JavaScript wallets lose precision above 2**53: wider numbers go as decimal text.
_WIDE: Final = frozenset({"uint64", "uint256"})


class Signer(Protocol):
    """One account that can sign."""

    @property
    def address(self) -> Address:
        """The account, 20 bytes."""

    def sign(self, preimage: bytes) -> bytes:
        """Sign the Keccak-256 of ``preimage``; 65 bytes r, s, v with v 27 or 28, s low.

        The preimage and not its hash is given because a remote signer hashes by itself.
        """


@dataclass(frozen=True, slots=True)
class Domain:
    """The one contract on the one chain for which a signature counts."""

    chain_id: int
    address: Address
    separator: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        words = self.chain_id.to_bytes(32, "big") + self.address.rjust(32, b"\0")
        object.__setattr__(
            self, "separator", keccak256(_DOMAIN_TYPE_HASH + _NAME_HASH + _VERSION_HASH + words)
        )


@dataclass(frozen=True, slots=True)
class Order:
    """One or more items of one kind that succeed or fail together.

    ``nonce`` is any number the party never used with this contract (below 2**256); ``deadline`` is
    the last second (Unix time) at which the order may take effect.
    """

    party: PartyId
    nonce: int
    deadline: int
    items: tuple[Item, ...]

    def __post_init__(self) -> None:
        if not self.items:
            raise OrderError("an order has at least one item")
        first = type(self.items[0])
        if first not in LAYOUTS:
            raise OrderError(f"{first.__name__} is no item of an order")
        if len(self.items) > 1 and any(type(item) is not first for item in self.items):
            raise OrderError("the items of an order are of one kind")
        if not 0 <= self.party < 1 << 32:
            raise OrderError(f"a party is an unsigned 32-bit number, not {self.party}")
        if not 0 <= self.nonce <= NONCE_MAX:
            raise OrderError("a nonce is an unsigned 256-bit number")
        if not 0 <= self.deadline <= DEADLINE_MAX:
            raise OrderError(f"a deadline is a Unix time up to {DEADLINE_MAX}, not {self.deadline}")

    @property
    def contract(self) -> ContractName:
        """The contract that takes the order."""
        return self.items[0].contract

    @property
    def kind(self) -> int:
        """Number of the kind within the contract."""
        return self.items[0].kind

    @property
    def layout(self) -> Layout:
        """Names, types and hashes of this kind."""
        return LAYOUTS[type(self.items[0])]


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """An order with the signatures of accounts of its party, 65 bytes each (r, s, v)."""

    order: Order
    signatures: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if any(len(signature) != SIGNATURE_BYTES for signature in self.signatures):
            raise OrderError(f"a signature has {SIGNATURE_BYTES} bytes: r, s, v")


def encode_items(order: Order) -> bytes:
    """The items as the contracts take them: 32-byte words, back to back."""
    encode = order.layout.encode
    return b"".join([encode(item) for item in order.items])


def decode_items(contract: ContractName, kind: int, data: bytes) -> tuple[Item, ...]:
    """The items in ``data``; ``OrderError`` if the kind is unknown or the bytes are no items."""
    layout = BY_KIND.get((contract, kind))
    if layout is None:
        raise OrderError(f"the contract {contract} has no kind {kind}")
    size = layout.words.size
    if not data or len(data) % size:
        raise OrderError(f"{len(data)} bytes are no whole number of {layout.name} ({size} each)")
    return tuple(layout.decode(data[at : at + size]) for at in range(0, len(data), size))


def struct_hash(order: Order) -> bytes:
    """``hashStruct`` of the order as EIP-712 defines it."""
    layout = order.layout
    encode, item_type_hash = layout.encode, layout.item_type_hash
    hashes = b"".join([keccak256(item_type_hash + encode(item)) for item in order.items])
    return keccak256(
        b"".join(
            (
                layout.order_type_hash,
                order.party.to_bytes(32, "big"),
                order.nonce.to_bytes(32, "big"),
                order.deadline.to_bytes(32, "big"),
                keccak256(hashes),
            )
        )
    )


def preimage(order: Order, domain: Domain) -> bytes:
    """The 66 bytes whose Keccak-256 is the digest: 0x1901, domain separator, struct hash."""
    return b"\x19\x01" + domain.separator + struct_hash(order)


def digest(order: Order, domain: Domain) -> bytes:
    """The 32 bytes that the accounts of the party sign."""
    return keccak256(preimage(order, domain))


def sign(order: Order, domain: Domain, signers: Iterable[Signer]) -> SignedOrder:
    """The order with one signature of each signer."""
    data = preimage(order, domain)
    return SignedOrder(order, tuple(signer.sign(data) for signer in signers))


def typed_data(order: Order, domain: Domain) -> dict[str, Any]:
    """The EIP-712 JSON that a wallet signs (``eth_signTypedData_v4``)."""
    layout = order.layout
    return {
        "types": {
            "EIP712Domain": _members(
                ("name", "string"),
                ("version", "string"),
                ("chainId", "uint256"),
                ("verifyingContract", "address"),
            ),
            layout.name: _members(
                ("party", "uint32"),
                ("nonce", "uint256"),
                ("deadline", "uint64"),
                ("items", f"{layout.name}Item[]"),
            ),
            f"{layout.name}Item": _members(*((name, kind) for _, name, kind in layout.fields)),
        },
        "primaryType": layout.name,
        "domain": {
            "name": NAME,
            "version": VERSION,
            "chainId": domain.chain_id,
            "verifyingContract": to_checksum(domain.address),
        },
        "message": {
            "party": int(order.party),
            "nonce": str(order.nonce),
            "deadline": str(order.deadline),
            "items": [
                {
                    name: _json_value(kind, value)
                    for (_, name, kind), value in zip(
                        layout.fields, layout.values(item), strict=True
                    )
                }
                for item in order.items
            ],
        },
    }


def split_signatures(data: bytes) -> tuple[bytes, ...]:
    """The single signatures of a run of them, 65 bytes each."""
    if len(data) % SIGNATURE_BYTES:
        raise OrderError(f"{len(data)} bytes are no whole number of signatures")
    return tuple(data[at : at + SIGNATURE_BYTES] for at in range(0, len(data), SIGNATURE_BYTES))


def _members(*members: Sequence[str]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in members]


def _json_value(kind: str, value: Any) -> Any:
    if kind == "address":
        return to_checksum(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if kind == "bool":
        return bool(value)
    return str(int(value)) if kind in _WIDE else int(value)
