"""Who may call what: one row per operation; a test walks the table against the running server.

A row says which scope the token needs, whether the platform's operator, parties or both may call,
and which roles (any one of them) a party needs. What of the data a caller then sees is decided by
``app.visibility``; whether its order takes effect is decided by the contracts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from xinlian.ledger.model.parties import Role
from xinlian.services.app.actors import NO_ROLE, Actor, Scope
from xinlian.services.app.errors import Code, RefusedError

__all__ = ["RULES", "Access", "Who", "admit"]


class Who(Enum):
    """Kinds of callers."""

    ANY = "any"
    PARTY = "party"
    PLATFORM = "platform"
    OVERSIGHT = "oversight"
    """The platform's operator, auditors and regulators."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a caller needs for an operation; ``roles`` 0 means any role."""

    scope: Scope
    who: Who = Who.PARTY
    roles: Role = NO_ROLE


_R, _W, _S, _A = Scope.READ, Scope.WRITE, Scope.SIGN, Scope.ADMIN
_READ: Final = Access(_R)
_SIGN: Final = Access(_S)
_TRADE: Final = Role.ISSUER | Role.SUPPLIER

RULES: Final[dict[str, Access]] = {
    # parties
    "get_me": Access(_R, Who.ANY),
    "list_parties": Access(_R, Who.ANY),
    "get_party": Access(_R, Who.ANY),
    "register_party": Access(_A, Who.PLATFORM),
    "get_registration": Access(_A, Who.PLATFORM),
    "set_party_status": Access(_A, Who.PLATFORM),
    "set_party_roles": Access(_A, Who.PLATFORM),
    "set_issuer_limit": Access(_A, Who.PLATFORM),
    # Where money goes: the operator alone, never the party's own token.
    "set_bank_account": Access(_A, Who.PLATFORM),
    "get_call": Access(_A, Who.PLATFORM),
    # trade documents
    "list_documents": _READ,
    "get_document": _READ,
    "register_document": Access(_S, roles=Role.ISSUER),
    "apply_credit_note": Access(_S, roles=_TRADE),
    # vouchers and pieces
    "list_vouchers": _READ,
    "get_voucher": _READ,
    "list_voucher_pieces": _READ,
    "issue_vouchers": Access(_S, roles=Role.ISSUER),
    "list_pieces": _READ,
    "get_piece": _READ,
    "get_lineage": _READ,
    "get_piece_history": _READ,
    "list_offers": _READ,
    "accept_pieces": _SIGN,
    "decline_pieces": _SIGN,
    "withdraw_pieces": _SIGN,
    "expire_offers": Access(_A, Who.PLATFORM),
    "transfer_piece": _SIGN,
    "merge_pieces": _SIGN,
    "redeem_piece": Access(_S, roles=Role.PAYING_BANK),
    "dishonour_piece": _SIGN,
    "write_off_piece": _SIGN,
    # orders
    "prepare_order": Access(_W),
    "submit_order": Access(_W),
    "sign_order": _SIGN,
    "list_orders": _READ,
    "get_order": _READ,
    # financing
    "request_quotes": Access(_W, roles=_TRADE),
    "list_quote_requests": _READ,
    "get_quote_request": _READ,
    "get_quote_request_lineage": _READ,
    "give_quote": Access(_W, roles=Role.FUNDER),
    "withdraw_quote_request": Access(_W, roles=_TRADE),
    "list_quotes": _READ,
    "get_quote": _READ,
    "withdraw_quote": Access(_W, roles=Role.FUNDER),
    "accept_quote": Access(_S, roles=_TRADE),
    "list_financings": _READ,
    "get_financing": _READ,
    "register_financing": Access(_S, roles=Role.FUNDER),
    "release_financing": _SIGN,
    # imports and bank messages
    "import_receivables": Access(_W, roles=_TRADE),
    "list_imports": _READ,
    "get_import": _READ,
    "list_import_rows": _READ,
    "instruct_payment": Access(_W, roles=_TRADE | Role.FUNDER),
    "upload_bank_message": Access(_S, roles=Role.PAYING_BANK),
    "list_bank_messages": _READ,
    "get_bank_message": _READ,
    # reports
    "get_exposure": _READ,
    "get_holdings": _READ,
    "get_maturity_ladder": _READ,
    "get_decline_rates": _READ,
    # traceability
    "capture_facts": Access(_W),
    "capture_file": Access(_W),
    "capture_point": Access(_W),
    "list_captures": _READ,
    "get_capture": _READ,
    "list_capture_rows": _READ,
    "get_capture_receipt": _READ,
    "list_signals": _READ,
    "find_items": _READ,
    "get_tree": _READ,
    "get_dossier": _READ,
    "get_dossier_paper": _READ,
    "get_item_proof": _READ,
    "get_page_policy": _READ,
    "set_page_policy": _SIGN,
    "list_shares": _READ,
    "set_share": _SIGN,
    "answer_share": _SIGN,
    "get_label": _READ,
    "make_label_sheet": _READ,
    "make_recall": Access(_W),
    # What warns the world, or takes a warning back, is a signature.
    "publish_recall": _SIGN,
    "close_recall": _SIGN,
    "withdraw_recall": _SIGN,
    "list_recalls": _READ,
    "get_recall": _READ,
    "list_recall_vehicles": _READ,
    "get_recall_file": _READ,
    "note_notices": Access(_W),
    "run_drill": Access(_W),
    "list_drills": _READ,
    "submit_certificate": Access(_W),
    "list_certificates": _READ,
    "get_certificate": _READ,
    "get_certificate_file": _READ,
    "take_up_certificate": Access(_W),
    "decide_certificate": Access(_W),
    "epcis_capture": Access(_W),
    "list_capture_jobs": _READ,
    "get_capture_job": _READ,
    "query_events": _READ,
    "get_event": _READ,
    # Reckoned from what is sent alone: of nobody's books.
    "get_sampling_plan": Access(_R, Who.ANY),
    "make_gauge_study": Access(_R, Who.ANY),
    "get_chart": _READ,
    "get_chart_paper": _READ,
    "find_causes": _READ,
    "get_gauge_impact": _READ,
    "get_yields": _READ,
    "list_control_points": _READ,
    "get_control_steps": _READ,
    "draft_control_step": Access(_W),
    "sign_control_step": _SIGN,
    "take_control_step": Access(_W),
    # telemetry
    "list_telemetry_devices": _READ,
    "get_latest_readings": _READ,
    "get_readings": _READ,
    "get_reading_steps": _READ,
    "export_readings": _READ,
    "stream_readings": _READ,
    "list_telemetry_windows": _READ,
    "get_telemetry_service": _READ,
    "list_telemetry_flags": _READ,
    "make_telemetry_proof": _READ,
    "list_energy_meters": _READ,
    "get_energy_load": _READ,
    "list_energy_balances": _READ,
    "list_energy_postings": _READ,
    "share_energy_out": Access(_W),
    "reverse_energy_posting": Access(_W),
    # evidence
    "list_evidence_logs": _READ,
    "get_evidence_log": _READ,
    "list_evidence_heads": _READ,
    "get_pinned_head": _READ,
    "get_evidence_record": _READ,
    "erase_evidence_record": _SIGN,
    "check_receipt": _READ,
    "make_proof_bundle": _READ,
    # the network
    "list_policies": Access(_R, Who.ANY),
    "get_chain_status": Access(_R, Who.ANY),
    "list_audit_log": Access(_R, Who.OVERSIGHT),
}


def admit(actor: Actor, rule: Access) -> None:
    """Let an actor through or raise ``RefusedError``, in this order: 1. scope, 2. kind of caller,
    3. role, 4. not suspended if it would sign."""
    if rule.scope not in actor.scopes:
        raise RefusedError(
            Code.SCOPE_MISSING,
            f"this needs a token with the scope {rule.scope.words[0]}",
            scope=rule.scope.words[0],
        )
    if not _is(actor, rule.who):
        raise RefusedError(Code.ROLE_MISSING, _WHO_TEXT[rule.who], who=rule.who.value)
    if rule.roles and not actor.roles & rule.roles:
        names = [role.name.lower() for role in Role if role & rule.roles and role.name]
        raise RefusedError(
            Code.ROLE_MISSING, f"this needs a party with the role {' or '.join(names)}", roles=names
        )
    if rule.scope is Scope.SIGN and not actor.active:
        raise RefusedError(Code.PARTY_SUSPENDED, "your party is suspended: it can sign nothing")


def _is(actor: Actor, who: Who) -> bool:
    if who is Who.ANY:
        return True
    if who is Who.PARTY:
        return not actor.platform
    if who is Who.PLATFORM:
        return actor.platform
    return actor.platform or actor.reads_all


_WHO_TEXT: Final = {
    Who.ANY: "",
    Who.PARTY: "this is for parties: the platform's operator holds and signs nothing",
    Who.PLATFORM: "this is for the platform's operator",
    Who.OVERSIGHT: "this is for the platform's operator, auditors and regulators",
}
