"""Vouchers, their pieces and offers: what a party sees, and what its keys kept here can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import Path, Query
from xinlian.ledger.model.days import day_from_iso
from xinlian.ledger.model.ids import DocumentKey, PartyId, PieceId
from xinlian.ledger.model.items import (
    ZERO32,
    Accept,
    Decline,
    Dishonour,
    Issue,
    Item,
    Merge,
    Redeem,
    Transfer,
    Withdraw,
    WriteOff,
)
from xinlian.ledger.model.vouchers import PieceState
from xinlian.services.api.ordering import ORDER_RESPONSES, AnyOrder, SignerDep
from xinlian.services.api.reading import ListerDep, MomentDep, PartyQuery, ReaderDep
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.actions import (
    DeclineBody,
    DishonourBody,
    IssueBody,
    MergeBody,
    PiecesBody,
    RedeemBody,
    TransferBody,
)
from xinlian.services.api.schemas.common import Hex32, Page, PieceNo, RootNo, unhex
from xinlian.services.api.schemas.ledger import (
    EventView,
    LineageView,
    PieceStateWord,
    PieceView,
    VoucherView,
)
from xinlian.services.api.state import ActorDep, StateDep
from xinlian.services.app.books import PieceRow, Relation
from xinlian.services.app.reading import Moment, Reader

router = guarded_router()

RootPath = Annotated[RootNo, Path(description="Number of a voucher.")]
PiecePath = Annotated[PieceNo, Path(description="Number of a piece: voucher * 65536 + index.")]
RelationQuery = Annotated[
    Relation, Query(description="What you are (`party` is) to the piece or voucher.")
]


@router.get("/vouchers", tags=["vouchers"])
def list_vouchers(
    state: StateDep,
    actor: ActorDep,
    lister: ListerDep,
    relation: RelationQuery = Relation.ANY,
    party: PartyQuery = None,
    document: Annotated[Hex32 | None, Query(description="Only those on this document.")] = None,
) -> Page[VoucherView]:
    """Vouchers that concern you, by number."""
    reader = Reader.of(actor, party)
    key = None if document is None else unhex(document)
    return lister.page(
        {"relation": relation, "party": party, "document": document},
        lambda moment, limit, after: state.app.books.roots(
            reader, moment, relation=relation, document=key, limit=limit, after=after
        ),
        VoucherView.of,
        lambda row: int(row.root),
    )


@router.get("/vouchers/{root}", tags=["vouchers"])
def get_voucher(
    state: StateDep, reader: ReaderDep, moment: MomentDep, root: RootPath
) -> VoucherView:
    """One voucher."""
    return VoucherView.of(state.app.books.root(reader, root, moment))


@router.get("/vouchers/{root}/pieces", tags=["vouchers"])
def list_voucher_pieces(
    state: StateDep, reader: ReaderDep, lister: ListerDep, root: RootPath
) -> Page[PieceView]:
    """The pieces of a voucher, as far as they concern you."""

    def fetch(moment: Moment, limit: int, after: int) -> Sequence[PieceRow]:
        state.app.books.root(reader, root, moment)
        return state.app.books.pieces(reader, moment, root=root, limit=limit, after=after)

    return lister.page({"root": root}, fetch, PieceView.of, lambda row: int(row.view.piece))


@router.post("/vouchers", tags=["vouchers"], status_code=202, responses=ORDER_RESPONSES)
def issue_vouchers(body: IssueBody, signing: SignerDep) -> AnyOrder:
    """Issue vouchers on your trade documents; each is an offer until its payee accepts."""

    def build(now: int) -> Sequence[Item]:
        return [
            Issue(
                payee=PartyId(new.payee),
                paying_bank=PartyId(new.paying_bank),
                face=new.face_fen,
                due_day=day_from_iso(new.due_day),
                expiry=now + new.offer_seconds,
                document=DocumentKey(unhex(new.document)),
                terms=ZERO32 if new.terms is None else unhex(new.terms),
            )
            for new in body.vouchers
        ]

    return signing.sign(body, build)


@router.get("/pieces", tags=["pieces"])
def list_pieces(
    state: StateDep,
    actor: ActorDep,
    lister: ListerDep,
    relation: RelationQuery = Relation.ANY,
    party: PartyQuery = None,
    state_word: Annotated[
        PieceStateWord | None, Query(alias="state", description="Only pieces in this state.")
    ] = None,
    root: Annotated[RootNo | None, Query(description="Only pieces of this voucher.")] = None,
) -> Page[PieceView]:
    """Pieces that concern you, by number."""
    reader = Reader.of(actor, party)
    states = () if state_word is None else (PieceState[state_word.upper()],)
    return lister.page(
        {"relation": relation, "party": party, "state": state_word, "root": root},
        lambda moment, limit, after: state.app.books.pieces(
            reader, moment, relation=relation, states=states, root=root, limit=limit, after=after
        ),
        PieceView.of,
        lambda row: int(row.view.piece),
    )


@router.get("/pieces/{piece}", tags=["pieces"])
def get_piece(state: StateDep, reader: ReaderDep, moment: MomentDep, piece: PiecePath) -> PieceView:
    """One piece."""
    return PieceView.of(state.app.books.piece(reader, piece, moment))


@router.get("/pieces/{piece}/lineage", tags=["pieces"])
def get_lineage(
    state: StateDep, reader: ReaderDep, moment: MomentDep, piece: PiecePath
) -> LineageView:
    """Where a piece comes from, up to the voucher and the trade document behind it."""
    return LineageView.of(state.app.books.lineage(reader, piece, moment))


@router.get("/pieces/{piece}/history", tags=["pieces"])
def get_piece_history(
    state: StateDep, reader: ReaderDep, lister: ListerDep, piece: PiecePath
) -> Page[EventView]:
    """What happened to a piece, oldest first."""
    return lister.page(
        {"piece": piece},
        lambda moment, limit, after: state.app.books.history(
            reader, piece, moment, limit=limit, after=(after[0], after[1])
        ),
        EventView.of,
        lambda row: [row.block, row.log_index],
        start=[-1, -1],
    )


@router.get("/offers", tags=["offers"])
def list_offers(
    state: StateDep,
    reader: ReaderDep,
    lister: ListerDep,
    direction: Annotated[
        Literal["incoming", "outgoing"], Query(description="Offered to you, or by you.")
    ] = "incoming",
) -> Page[PieceView]:
    """Pieces on offer, by number."""
    return lister.page(
        {"direction": direction},
        lambda moment, limit, after: state.app.books.offers(
            reader, moment, incoming=direction == "incoming", limit=limit, after=after
        ),
        PieceView.of,
        lambda row: int(row.view.piece),
    )


@router.post("/offers/accept", tags=["offers"], status_code=202, responses=ORDER_RESPONSES)
def accept_pieces(body: PiecesBody, signing: SignerDep) -> AnyOrder:
    """Accept offers that were made to you."""
    return signing.sign(body, lambda _: [Accept(PieceId(piece)) for piece in body.pieces])


@router.post("/offers/decline", tags=["offers"], status_code=202, responses=ORDER_RESPONSES)
def decline_pieces(body: DeclineBody, signing: SignerDep) -> AnyOrder:
    """Decline offers that were made to you; it has no side effect."""
    return signing.sign(
        body, lambda _: [Decline(PieceId(piece), body.reason) for piece in body.pieces]
    )


@router.post("/offers/withdraw", tags=["offers"], status_code=202, responses=ORDER_RESPONSES)
def withdraw_pieces(body: PiecesBody, signing: SignerDep) -> AnyOrder:
    """Take back offers that you made and that nobody has accepted yet."""
    return signing.sign(body, lambda _: [Withdraw(PieceId(piece)) for piece in body.pieces])


@router.post(
    "/pieces/{piece}/transfer", tags=["pieces"], status_code=202, responses=ORDER_RESPONSES
)
def transfer_piece(body: TransferBody, signing: SignerDep, piece: PiecePath) -> AnyOrder:
    """Offer a piece, or part of it, to another party."""

    def build(now: int) -> Sequence[Item]:
        return [
            Transfer(
                piece=PieceId(piece),
                amount=body.amount_fen,
                back=body.back,
                to=PartyId(body.to),
                expiry=now + body.offer_seconds,
                purpose=body.purpose,
            )
        ]

    return signing.sign(body, build)


@router.post("/pieces/{piece}/merge", tags=["pieces"], status_code=202, responses=ORDER_RESPONSES)
def merge_pieces(body: MergeBody, signing: SignerDep, piece: PiecePath) -> AnyOrder:
    """Join an adjacent piece of yours to this one."""
    return signing.sign(body, lambda _: [Merge(PieceId(piece), PieceId(body.other))])


@router.post("/pieces/{piece}/redeem", tags=["pieces"], status_code=202, responses=ORDER_RESPONSES)
def redeem_piece(body: RedeemBody, signing: SignerDep, piece: PiecePath) -> AnyOrder:
    """As the paying bank, certify by a receipt that an amount of a piece was paid."""
    return signing.sign(
        body, lambda _: [Redeem(PieceId(piece), body.amount_fen, unhex(body.receipt))]
    )


@router.post(
    "/pieces/{piece}/dishonour", tags=["pieces"], status_code=202, responses=ORDER_RESPONSES
)
def dishonour_piece(body: DishonourBody, signing: SignerDep, piece: PiecePath) -> AnyOrder:
    """State that the voucher of an unpaid piece was not paid when due."""
    return signing.sign(body, lambda _: [Dishonour(PieceId(piece), unhex(body.evidence))])


@router.post(
    "/pieces/{piece}/write-off", tags=["pieces"], status_code=202, responses=ORDER_RESPONSES
)
def write_off_piece(body: DishonourBody, signing: SignerDep, piece: PiecePath) -> AnyOrder:
    """Give up a piece of a dishonoured voucher."""
    return signing.sign(body, lambda _: [WriteOff(PieceId(piece), unhex(body.evidence))])
