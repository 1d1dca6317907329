"""The proof state of every record of a dossier, counted and listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer
from xinlian.trace.adapters.paper.ink import GREY, PROOF_COLOURS, PROOF_MARKS, Ink
from xinlian.trace.adapters.paper.numbering import Numbering
from xinlian.trace.adapters.paper.sections import ROWS_MAX
from xinlian.trace.adapters.paper.tables import Cell, grid
from xinlian.trace.model.dossier import Dossier, Proof, ProofState, Recorded
from xinlian.trace.model.facts import Claim, Correction, Event, Inspection

__all__ = ["counts", "proof_section"]


def _all(dossier: Dossier, numbers: Numbering) -> Iterator[tuple[str, Proof]]:
    for described in dossier.item_proofs:
        yield numbers.name(described.item), described.proof
    for record in dossier.facts:
        yield _name(record), record.proof
    for certificate in dossier.certificates:
        yield f"{certificate.title} {certificate.number}", certificate.proof
    for window in dossier.telemetry:
        yield f"{window.group} {window.record_id}", window.proof


def _name(record: Recorded) -> str:
    fact = record.fact
    if isinstance(fact, Inspection):
        return f"{fact.inspection_id} {fact.characteristic}"
    if isinstance(fact, Event):
        return fact.event_id
    if isinstance(fact, Claim):
        return fact.claim_id
    return fact.target if isinstance(fact, Correction) else f"{fact.record_id} {fact.station}"


def counts(dossier: Dossier, numbers: Numbering) -> Counter[ProofState]:
    """How many records are in which state."""
    return Counter(proof.state for _, proof in _all(dossier, numbers))


def proof_section(dossier: Dossier, ink: Ink, numbers: Numbering) -> tuple[list[Flowable], int]:
    """The section, and how many records it does not list."""
    count = counts(dossier, numbers)
    legend = "  ·  ".join(
        f"{PROOF_MARKS[state]} {ink.of(state)} {count[state]}"
        for state in ProofState
        if count[state]
    )
    story: list[Flowable] = [ink.paragraph(ink.text("how"), 8.5)]
    if dossier.chain is not None:
        story.append(ink.paragraph(ink.words(dossier.chain), 8.5))
    story += [Spacer(0, 2 * mm), ink.paragraph(legend or ink.text("none"), 9, GREY)]
    # What is not yet proved stands first: it is what one has to look after.
    listed = sorted(_all(dossier, numbers), key=lambda pair: pair[1].state is ProofState.FIXED)
    rows = [_row(ink, name, proof) for name, proof in listed[:ROWS_MAX]]
    if rows:
        heads = ("record", "state", "log", "leaf", "head", "block", "fixed")
        story += [Spacer(0, 2 * mm), grid(ink, heads, rows, (58, 34, 24, 14, 14, 14, 28))]
    left = len(listed) - len(rows)
    if left:
        story.append(ink.paragraph(ink.text("left_rows", count=left), 8, GREY))
    return story, left


def _row(ink: Ink, name: str, proof: Proof) -> tuple[str | Cell, ...]:
    state = Cell(f"{PROOF_MARKS[proof.state]} {ink.of(proof.state)}", PROOF_COLOURS[proof.state])
    return (
        name,
        state,
        proof.log_id[:12] + ("…" if len(proof.log_id) > 12 else ""),
        "" if proof.index is None else str(proof.index),
        "" if proof.head_size is None else str(proof.head_size),
        "" if proof.block_number is None else str(proof.block_number),
        ink.time(proof.fixed_ms),
    )
