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


def _all(dossier: Dossier, numbers: Numbering) -> Iterator[tuple[str, str, Proof]]:
    """What every record is, who stated it, and its proof."""
    for described in dossier.item_proofs:
        yield numbers.name(described.item), described.stated_by, described.proof
    for record in dossier.facts:
        yield _name(record), record.stated_by, record.proof
    names = dict(dossier.party_names)
    for certificate in dossier.certificates:
        by = certificate.stated_by or names.get(certificate.issuer, certificate.issuer)
        yield f"{certificate.title} {certificate.number}", by, certificate.proof
    for window in dossier.telemetry:
        yield f"{window.group} {window.record_id}", "", window.proof


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
    return Counter(proof.state for _, _, proof in _all(dossier, numbers))


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
    listed = sorted(_all(dossier, numbers), key=lambda told: told[2].state is ProofState.FIXED)
    rows = [_row(ink, *told) for told in listed[:ROWS_MAX]]
    if rows:
        heads = ("record", "stated_by", "state", "log", "leaf", "head", "block", "fixed")
        story += [Spacer(0, 2 * mm), grid(ink, heads, rows, (48, 30, 32, 18, 12, 13, 12, 27))]
    left = len(listed) - len(rows)
    if left:
        story.append(ink.paragraph(ink.text("left_rows", count=left), 8, GREY))
    return story, left


def _row(ink: Ink, name: str, stated_by: str, proof: Proof) -> tuple[str | Cell, ...]:
    state = Cell(f"{PROOF_MARKS[proof.state]} {ink.of(proof.state)}", PROOF_COLOURS[proof.state])
    return (
        name,
        stated_by,
        state,
        proof.log_id[:8] + ("…" if len(proof.log_id) > 8 else ""),
        "" if proof.index is None else str(proof.index),
        "" if proof.head_size is None else str(proof.head_size),
        "" if proof.block_number is None else str(proof.block_number),
        ink.time(proof.fixed_ms),
    )
