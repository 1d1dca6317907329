"""Evidence logs of the caller's party: how they stand, heads on chain, receipts, proof bundles."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Final

import orjson
from fastapi import Path, Query, Response
from xinlian.ledger.model.evidence.heads import NO_ROOT
from xinlian.ledger.model.evidence.receipts import ReceiptState
from xinlian.ledger.model.ids import to_checksum
from xinlian.ledger.model.views import HeadOnChain
from xinlian.ledger.usecases.evidence import Request as ProofRequest
from xinlian.services.api.reading import PlainListerDep, ReaderDep
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.common import Hex32, Page, hex32, unhex
from xinlian.services.api.schemas.evidence import (
    EraseBody,
    EvidenceErasureView,
    EvidenceGapView,
    EvidenceHeadView,
    EvidenceLogView,
    EvidenceRecordView,
    LeafIndex,
    LogSize,
    ProofBody,
    ReceiptBody,
    ReceiptView,
)
from xinlian.services.api.state import StateDep
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.evidence import Standing
from xinlian.services.app.evidence_erasing import erase_record
from xinlian.services.app.evidence_reads import LogState
from xinlian.services.app.reading import Reader

router = guarded_router("evidence", "/evidence")

LogPath = Annotated[Hex32, Path(description="Id of an evidence log.")]
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file, byte for byte as it has to be kept.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.get("/logs")
def list_evidence_logs(
    state: StateDep, reader: ReaderDep, lister: PlainListerDep
) -> Page[EvidenceLogView]:
    """Your logs; auditors and regulators see how all logs stand."""
    reads = state.app.evidence_reads
    return lister.page(
        {},
        lambda _, limit, after: reads.logs(reader, limit=limit, after=bytes.fromhex(after)),
        log_view,
        lambda row: row.info.log_id.hex(),
        start="",
    )


@router.get("/logs/{log}")
def get_evidence_log(state: StateDep, reader: ReaderDep, log: LogPath) -> EvidenceLogView:
    """One log."""
    return log_view(state.app.evidence_reads.log(reader, unhex(log)))


@router.get("/logs/{log}/heads")
def list_evidence_heads(
    state: StateDep, reader: ReaderDep, lister: PlainListerDep, log: LogPath
) -> Page[EvidenceHeadView]:
    """The heads of a log on chain, smallest first."""
    name, reads = unhex(log), state.app.evidence_reads
    return lister.page(
        {"log": log},
        lambda _, limit, after: reads.heads(reader, name, limit=limit, after=after),
        head_view,
        lambda head: head.size,
    )


@router.get("/logs/{log}/pin", response_class=Response, responses=_FILE)
def get_pinned_head(
    state: StateDep,
    _: ReaderDep,
    log: LogPath,
    size: Annotated[LogSize | None, Query(description="By default the newest on chain.")] = None,
) -> Response:
    """A head of any log as a file (``.xlhead``) for whoever wants to check bundles against it."""
    content = state.app.evidence_reads.pinned(unhex(log), size)
    body = orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return _file(body, f"{log[2:18]}-{content['size']}.xlhead")


@router.get("/logs/{log}/records/{index}")
def get_evidence_record(
    state: StateDep,
    reader: ReaderDep,
    log: LogPath,
    index: Annotated[LeafIndex, Path(description="Place of the record in its log, from 0.")],
) -> EvidenceRecordView:
    """How far a record is on its way to the chain."""
    found = state.app.evidence_reads.record(reader, unhex(log), index)
    head = None if found.head is None else head_view(found.head)
    return EvidenceRecordView(log=log, index=index, standing=found.standing.value, head=head)


@router.post("/logs/{log}/records/{index}/erase")
def erase_evidence_record(
    state: StateDep,
    reader: ReaderDep,
    _meant: EraseBody,
    log: LogPath,
    index: Annotated[LeafIndex, Path(description="Place of any leaf of the record, from 0.")],
) -> EvidenceErasureView:
    """Destroy the values of a record of yours for ever, with what was taken from it about parts.

    Its leaves stay, and every other proof stays valid. Again by the same name it changes nothing.
    """
    row = state.app.evidence_reads.log(reader, unhex(log))
    _own(reader, row)
    done = erase_record(state.app.engine, state.app.evidence.logs, row.info, index)
    return EvidenceErasureView(log=log, index=index, erased_now=done)


@router.post("/receipts/check")
def check_receipt(state: StateDep, reader: ReaderDep, body: ReceiptBody) -> ReceiptView:
    """What became of the promise of a receipt: pending, included, or missed."""
    evidence = state.app.evidence
    receipt, promise = evidence.receipt_state(body.model_dump())
    state.app.evidence_reads.log(reader, receipt.log)
    head = None
    if promise is ReceiptState.INCLUDED:
        last = max(index for index, _ in receipt.leaves)
        found = evidence.proof_state(receipt.log, last)
        if found.standing is Standing.ANCHORED and found.head is not None:
            head = head_view(found.head)
    return ReceiptView(
        log=hex32(receipt.log),
        promise=promise.value,
        deadline=receipt.deadline_ms // 1000,
        head=head,
    )


@router.post("/proofs", response_class=Response, responses=_FILE)
def make_proof_bundle(state: StateDep, reader: ReaderDep, body: ProofBody) -> Response:
    """A proof bundle (``.xlproof``) over your own logs, which anyone can check without us.

    It waits up to ten seconds for a head that is on its way to the chain.
    """
    requests: dict[bytes, ProofRequest] = {}
    for each in body.logs:
        name = unhex(each.log)
        _own(reader, state.app.evidence_reads.log(reader, name))
        if name in requests:
            raise RefusedError(Code.INVALID, "a log is named once in a request", field="logs")
        requests[name] = ProofRequest(
            subjects=each.subjects,
            indices=each.indices,
            show=each.show,
            reveal_key=each.reveal_key,
            hide_ids=each.hide_ids,
            since=each.since,
        )
    content = state.app.evidence.prove(requests)
    return _file(content, "evidence.xlproof")


def log_view(row: LogState) -> EvidenceLogView:
    """A log as the API shows it."""
    since = row.waiting_since_ms
    return EvidenceLogView(
        log=hex32(row.info.log_id),
        party=row.info.party,
        stream=row.info.stream,
        opened=row.opened,
        writer=to_checksum(row.writer),
        key_commitment=hex32(row.info.key_commitment),
        sm3=row.info.sm3,
        records=row.records,
        covered=row.covered,
        anchored=row.anchored,
        waiting_since=None if since is None else since // 1000,
        gap=EvidenceGapView(**asdict(row.gaps), alarm=row.gaps.alarm),
        trouble=row.trouble,
    )


def head_view(head: HeadOnChain) -> EvidenceHeadView:
    """A head on chain as the API shows it."""
    return EvidenceHeadView(
        log=hex32(head.log),
        size=head.size,
        root=hex32(head.root),
        index_root=hex32(head.index_root),
        sm3_root=None if head.sm3_root == NO_ROOT else hex32(head.sm3_root),
        block=head.block,
        block_hash=hex32(head.block_hash),
        block_time=head.time,
        tx_hash=hex32(head.tx_hash),
    )


def _own(reader: Reader, row: LogState) -> None:
    # Who reads all sees how logs stand; what is in a record is its owner's to show.
    if reader.party != row.info.party:
        raise RefusedError(
            Code.NOT_FOUND, f"there is no evidence log {row.info.log_id.hex()} of yours"
        )


def _file(content: bytes, name: str) -> Response:
    return Response(
        content,
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
