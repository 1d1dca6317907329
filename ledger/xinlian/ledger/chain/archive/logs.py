"""Picks logs by address and topics, without reading their JSON: both stand at fixed places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from xinlian.ledger.chain.archive.block import ADDRESS, JOINT

# {"address":"0x…40…","topics":["0x…64…","0x…64…"],"data":…
_TOPICS_AT: Final = ADDRESS.stop + len('","topics":[')
_TOPIC_STEP: Final = len('"0x",') + 64
_TOPIC_CHARS: Final = 66


@dataclass(frozen=True, slots=True)
class LogFilter:
    """``addresses``: any of these, all if empty. ``topics``: by place any of these; where there are
    none, everything matches, also a log that has no topic there."""

    addresses: frozenset[bytes]
    topics: tuple[frozenset[bytes], ...]

    @classmethod
    def read(cls, wanted: Mapping[str, Any]) -> LogFilter:
        """From a filter that the gateway has checked (lower case hex)."""
        topics = [_choices(topic) for topic in wanted.get("topics", ())]
        return cls(_choices(wanted.get("address")), tuple(topics))

    def may_match(self, addresses: frozenset[bytes]) -> bool:
        """Whether a block that has logs of these addresses needs a look."""
        return bool(addresses & self.addresses if self.addresses else addresses)

    def pick(self, logs: bytes, addresses: frozenset[bytes]) -> bytes:
        """Those of the joined logs of one block that match, joined."""
        wanted = self.addresses
        if not self.topics and (not wanted or addresses <= wanted):
            return logs
        lines = logs.split(JOINT) if logs else []
        if wanted:
            lines = [line for line in lines if line[ADDRESS] in wanted]
        if self.topics:
            lines = [line for line in lines if self._has_topics(line)]
        return JOINT.join(lines)

    def _has_topics(self, log: bytes) -> bool:
        end = log.index(b"]", _TOPICS_AT)
        for place, choices in enumerate(self.topics):
            start = _TOPICS_AT + 1 + place * _TOPIC_STEP
            if choices and (start >= end or log[start : start + _TOPIC_CHARS] not in choices):
                return False
        return True


def _choices(value: Any) -> frozenset[bytes]:
    if value is None:
        return frozenset()
    return frozenset(each.encode() for each in ([value] if isinstance(value, str) else value))
