"""Commands about parties and the chain."""

from __future__ import annotations

from typing import Final

import click
from xinlian.services.cli.amounts import YUAN
from xinlian.services.cli.verbs import Arg, In, Verb

_ROLES: Final = (
    "issuer", "supplier", "funder", "paying_bank", "inspector", "auditor", "operator", "regulator"
)  # fmt: skip
_PARTY: Final = Arg("party", "number of the party", "参与方编号", In.PATH, int)
_EVIDENCE: Final = Arg("evidence", "hash of the evidence, 0x…", "证据哈希 0x…")
_ROLE: Final = click.Choice(_ROLES)

ROWS: Final = (
    Verb("party", "me", "get_me", "GET", "/me", "Whose token this is.", "当前令牌所属。"),
    Verb(
        "party", "list", "list_parties", "GET", "/parties",
        "The directory of parties.", "参与方名录。",
        (Arg("role", "only with this role", "仅此角色", In.QUERY, _ROLE, required=False),),
        ("party", "name", "social_credit_code", "roles", "status", "threshold"),
        paged=True, as_of=True,
    ),
    Verb(
        "party", "show", "get_party", "GET", "/parties/{party}",
        "One party.", "查看参与方。", (_PARTY,), as_of=True,
    ),
    Verb(
        "party", "register", "register_party", "POST", "/parties",
        "Register a party (operator).", "登记参与方（运营方）。",
        (
            Arg("name", "name", "名称"),
            Arg("code", "social credit code", "统一社会信用代码", field="social_credit_code"),
            Arg("role", "role; repeat for more", "角色，可多次", type=_ROLE, many=True,
                field="roles"),
            Arg("threshold", "signatures an order needs", "所需签名数", type=int, default=1),
            Arg("account", "its account, 0x…; repeat for more", "账户 0x…，可多次", required=False,
                many=True, field="accounts"),
            Arg("custody_keys", "make so many keys here instead", "改为在本机生成密钥的个数",
                type=int, required=False),
            Arg("bank_account", "account on which it is paid", "收款账号", required=False),
            Arg("bank_code", "CNAPS code of its bank, 12 digits", "开户行联行号（12 位）",
                required=False),
        ),
        waits=True,
    ),
    Verb(
        "party", "bank-account", "set_bank_account", "POST", "/parties/{party}/bank-account",
        "Set or correct where a party is paid (operator).", "设置或更正收款账户（运营方）。",
        (
            _PARTY,
            Arg("account", "account on which it is paid", "收款账号", field="bank_account"),
            Arg("code", "CNAPS code of its bank, 12 digits", "开户行联行号（12 位）",
                field="bank_code"),
        ),
    ),
    Verb(
        "party", "registration", "get_registration", "GET", "/registrations/{id_hash}",
        "What became of a registration (operator).", "登记结果（运营方）。",
        (Arg("id_hash", "hash given at registration", "登记时返回的哈希", In.PATH),),
    ),
    Verb(
        "party", "status", "set_party_status", "POST", "/parties/{party}/status",
        "Suspend a party or reinstate it (operator).", "暂停或恢复参与方（运营方）。",
        (
            _PARTY,
            Arg("status", "active or suspended", "active 或 suspended",
                type=click.Choice(("active", "suspended"))),
            _EVIDENCE,
        ),
        waits=True,
    ),
    Verb(
        "party", "roles", "set_party_roles", "POST", "/parties/{party}/roles",
        "Set a party's roles (operator).", "设置角色（运营方）。",
        (_PARTY, Arg("role", "role; repeat for more", "角色，可多次", type=_ROLE, many=True,
                     field="roles")),
        waits=True,
    ),
    Verb(
        "party", "limit", "set_issuer_limit", "POST", "/parties/{party}/limit",
        "Set what an issuer may have outstanding (operator).", "设置签发额度（运营方）。",
        (_PARTY, Arg("limit", "yuan", "元", type=YUAN, field="limit_fen")),
        waits=True,
    ),
    Verb(
        "party", "call", "get_call", "GET", "/calls/{reference}",
        "What became of an operator's call.", "运营调用结果。",
        (Arg("reference", "reference of the call", "调用编号", In.PATH),),
    ),
    Verb("chain", "status", "get_chain_status", "GET", "/chain",
         "Height, lag and health.", "高度、延迟与健康状况。"),
    Verb("chain", "policies", "list_policies", "GET", "/policies",
         "Dated market rules on chain.", "链上带日期的市场规则。", columns=(
             "number", "valid_from", "tenor_months_soft", "tenor_months_hard", "max_depth",
             "max_pieces", "offer_seconds_max", "grace_days"), as_of=True),
    Verb("chain", "audit", "list_audit_log", "GET", "/audit-log",
         "Who asked for what (oversight).", "审计日志（监管）。",
         columns=("id", "at", "token", "party", "operation", "status", "code", "detail"),
         paged=True),
)  # fmt: skip
