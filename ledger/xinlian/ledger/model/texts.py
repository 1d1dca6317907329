"""What each failure says to a person, in English and Chinese.

Braces name arguments of the failure (snake case). A text says what happened and, where the reader
can do something, what.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from xinlian.ledger.model.failures import Failure

F: TypeAlias = Failure

TEXTS: Final[dict[F, tuple[str, str]]] = {
    F.INVALID: ("{field} is not valid: {reason}", "{field} 无效：{reason}"),
    F.TOO_LARGE: (
        "the {what} is too large: {size}, at most {most}; divide it",
        "{what} 过大：{size}，上限 {most}；请拆分后再提交",
    ),
    F.UNAUTHENTICATED: (
        "the request carries no valid token; get one from the operator",
        "请求未携带有效令牌；请向运营方申请",
    ),
    F.FORBIDDEN: ("the token does not allow this: {reason}", "令牌无此权限：{reason}"),
    F.NOT_FOUND: ("there is no {what} {id}", "{what} {id} 不存在"),
    F.CONFLICT: (
        "{what} was used before with another {field}; use a new one for new content",
        "{what} 已被使用，且 {field} 不同；新内容请使用新的标识",
    ),
    F.HALTED: (
        "writing is stopped since block {block}, because the books did not agree with the chain: "
        "{reason}; the operator has to examine it",
        "自区块 {block} 起已停止写入，账与链不一致：{reason}；须由运营方核查",
    ),
    F.BUSY: (
        "{pending} orders wait, at most {most} may; try again in a few seconds",
        "排队中的指令已有 {pending} 条（上限 {most}），请数秒后重试",
    ),
    F.STORAGE: (
        "the database cannot be written: {reason}; nothing was taken in, try again later",
        "数据库无法写入：{reason}；本次未受理，请修复后重试",
    ),
    F.KEY_UNREADABLE: (
        "the key file {path} cannot be opened: {reason}",
        "密钥文件 {path} 无法打开：{reason}",
    ),
    F.SIGNER_UNAVAILABLE: (
        "the remote signer does not answer: {reason}; check that it runs and is reachable",
        "远程签名服务无响应：{reason}；请检查其是否运行、可达",
    ),
    F.SIGNER_REFUSED: (
        "the remote signer refused to sign for {address}: {reason}",
        "远程签名服务拒绝为 {address} 签名：{reason}",
    ),
    F.NOT_DEPLOYED: (
        "the contract {contract} is not at {address}; deploy first, or check the chain's data",
        "合约 {contract} 不在地址 {address}；请先部署，或检查链数据",
    ),
    F.CHAIN_MISMATCH: (
        "this is another chain: {what} is {actual}, expected {expected}",
        "连接的不是本链：{what} 为 {actual}，应为 {expected}",
    ),
    F.ORDERS_UNKNOWN_KIND: (
        "the contract has no orders of kind {kind}",
        "合约没有种类为 {kind} 的指令",
    ),
    F.ORDERS_MALFORMED_ITEMS: (
        "the {length} bytes of items do not fit orders of kind {kind}",
        "指令明细 {length} 字节，与种类 {kind} 不符",
    ),
    F.ORDERS_TOO_MANY_ITEMS: (
        "the order has {items} items, at most {most} are taken; divide it",
        "指令含 {items} 项，上限 {most}；请拆分",
    ),
    F.ORDERS_EXPIRED: (
        "the order's deadline {deadline:time} has passed (chain time {time:time}); "
        "sign a new order",
        "指令已过截止时间 {deadline:time}（链上时间 {time:time}）；请重新签署",
    ),
    F.ORDERS_NONCE_USED: (
        "party {party} has already used the number {nonce}; sign the order with a new number",
        "参与方 {party} 的序号 {nonce} 已使用；请换新序号重新签署",
    ),
    F.ORDERS_SIGNATURE_COUNT: (
        "the signatures have {length} bytes; {threshold} signatures of 65 bytes are needed",
        "签名共 {length} 字节；需要 {threshold} 个签名，每个 65 字节",
    ),
    F.ORDERS_BAD_SIGNATURE: (
        "{signer} signed but is no account of party {party}; "
        "check key, chain id and contract address",
        "签名账户 {signer} 不属于参与方 {party}；请检查密钥、链号与合约地址",
    ),
    F.ORDERS_DUPLICATE_SIGNER: (
        "{signer} signed twice; maker and checker are two accounts",
        "{signer} 重复签名；经办与复核须为两个账户",
    ),
    F.ORDERS_NEEDS_SIGNATURES: (
        "orders of party {party} need {threshold} signatures; a direct call has only one",
        "参与方 {party} 的指令需 {threshold} 个签名；直接调用只有一个",
    ),
    F.ORDERS_OUT_OF_GAS: (
        "the carrying transaction had too little gas for order {index}; nothing was done",
        "承载交易的燃料不足以执行第 {index} 条指令；未做任何变更",
    ),
    F.ORDERS_SELF_ONLY: (
        "{caller} may not call this inner function",
        "{caller} 不得调用该内部函数",
    ),
    F.ORDERS_PAUSED: (
        "the contract is paused by the guardian; nothing changes until the members end the pause",
        "合约已由监护人暂停；成员解除暂停前不作任何变更",
    ),
    F.DIRECTORY_NOT_REGISTRY: (
        "{caller} is not the party registry",
        "{caller} 不是参与方登记合约",
    ),
    F.DIRECTORY_UNKNOWN_ACCOUNT: (
        "the account {account} belongs to no party",
        "账户 {account} 不属于任何参与方",
    ),
    F.DIRECTORY_UNKNOWN_PARTY: ("there is no party {party}", "参与方 {party} 不存在"),
    F.DIRECTORY_PARTY_SUSPENDED: ("party {party} is suspended", "参与方 {party} 已被停用"),
    F.DIRECTORY_MISSING_ROLE: (
        "party {party} lacks the role {role:role} that this needs",
        "参与方 {party} 缺少所需角色 {role:role}",
    ),
    F.REGISTRY_ID_TAKEN: (
        "the company is already registered as party {party}",
        "该企业已登记为参与方 {party}",
    ),
    F.REGISTRY_ACCOUNT_TAKEN: (
        "the account {account} already belongs to party {party}",
        "账户 {account} 已属于参与方 {party}",
    ),
    F.REGISTRY_ACCOUNT_COUNT: (
        "{accounts} accounts do not fit a threshold of {threshold}; at most {most} accounts",
        "账户数 {accounts} 与签名门槛 {threshold} 不符；账户上限 {most}",
    ),
    F.REGISTRY_THRESHOLD: (
        "the threshold is 1 or 2, not {threshold}",
        "签名门槛只能为 1 或 2，不能为 {threshold}",
    ),
    F.REGISTRY_ROLES: ("there is no set of roles {roles}", "角色组合 {roles} 无效"),
    F.REGISTRY_STATUS: ("there is no such change to status {status}", "状态不能改为 {status}"),
    F.REGISTRY_NOT_ACCOUNT: (
        "{account} is no account of party {party}",
        "{account} 不是参与方 {party} 的账户",
    ),
    F.REGISTRY_ZERO: ("an address or id that has to be set is zero", "必填地址或标识为零"),
    F.COUNCIL_NOT_MEMBER: ("{caller} is no member of the council", "{caller} 不是理事会成员"),
    F.COUNCIL_APPROVED: (
        "{member} has already approved the operation {operation}",
        "{member} 已批准过操作 {operation}",
    ),
    F.COUNCIL_CANCELLED: (
        "the operation {operation} was called off; propose it anew with another salt",
        "操作 {operation} 已被撤销；请更换盐值重新提出",
    ),
    F.COUNCIL_TIMELOCK_ONLY: ("{caller} is not the timelock", "{caller} 不是时间锁合约"),
    F.COUNCIL_MEMBERS: (
        "{members} members do not fit a threshold of {threshold}",
        "成员数 {members} 与通过门槛 {threshold} 不符",
    ),
    F.COUNCIL_MEMBER_TWICE: ("{member} is named twice", "{member} 重复出现"),
    F.ACCESS_MANAGED_UNAUTHORIZED: (
        "{caller} lacks the administrative role for this call",
        "{caller} 没有此项管理权限",
    ),
    F.EVM_ERROR: ("the contract refused: {message}", "合约拒绝：{message}"),
    F.EVM_PANIC: ("the contract stopped with code {code}", "合约异常中止，代码 {code}"),
    F.CALL_REVERTED: (
        "the contract refused without a reason we know ({data})",
        "合约拒绝，原因未知（{data}）",
    ),
    F.CHAIN_UNAVAILABLE: (
        "the chain's node does not answer: {reason}; see `xinlian node status`",
        "链节点无响应：{reason}；请执行 `xinlian node status` 查看",
    ),
    F.CHAIN_REFUSED: (
        "the chain's node refused {method}: {reason}",
        "链节点拒绝 {method}：{reason}",
    ),
    F.INTERNAL: ("an error inside the platform: {reason}", "平台内部错误：{reason}"),
}
