"""The allocation ledger of each party, kept: shared energy, who bears it, and the record of it.

A posting stands, in one transaction, as a row, as its shares, and as a record in the party's
evidence log ``telemetry``. The same id with the same question changes nothing; with another it is
refused. Energy of a time is shared out once: what a meter above or below counted already is refused
until the earlier posting is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, func, insert, select
from xinlian.ingest.model.energy.allocation import Key
from xinlian.ingest.model.energy.exact import EnergyError, share_out
from xinlian.ingest.model.energy.metering import Meter, below, same_energy
from xinlian.ingest.usecases.energy_counted import counted
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.clock import Clock
from xinlian.services.app.energy_meters import EnergyMeters
from xinlian.services.app.energy_posting import Asked, Posted
from xinlian.services.app.energy_tables import postings, shares
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.telemetry_evidence import STREAM, EvidenceLog
from xinlian.services.app.telemetry_site import TelemetrySites

__all__ = ["LISTED_MAX", "EnergyLedger"]

SCHEMA: Final = "xinlian-energy-posting/1"
LISTED_MAX: Final = 1_000
_LOCK: Final = 0x584C_4531
_BACK: Final = ".reversed"


class EnergyLedger:
    """Postings of all parties; each reads and writes its own."""

    def __init__(
        self,
        engine: Engine,
        evidence: EvidenceLog,
        sites: TelemetrySites,
        meters: EnergyMeters,
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._evidence = evidence
        self._sites = sites
        self._meters = meters
        self._clock = clock

    def share(self, party: int, asked: Asked) -> Posted:
        """Measure and post. ``INVALID`` for what cannot be shared out, ``STATE`` for energy that
        was already, or an id that stands for something else."""
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        question = _question(asked)
        with begin_read(self._engine) as connection:
            found = self._find(connection, party, asked.posting)
            if found is not None:
                return self._same(connection, found, question, log)
        if asked.posting.endswith(_BACK):  # another name would let nothing be taken back
            raise RefusedError(
                Code.INVALID, "names that end in .reversed are of postings that were taken back"
            )
        if asked.key is Key.DIRECT and len(asked.weights) != 1:
            raise RefusedError(Code.INVALID, "direct energy has one bearer")
        meters = self._meters.meters(party)
        total, measured = self._measure(party, asked, meters)
        try:
            made = share_out(total, asked.weights)
        except EnergyError as exc:
            raise RefusedError(Code.INVALID, f"this energy cannot be shared out: {exc}") from exc
        details = {"question": question, "measured": measured, "shares": [*made.items()]}
        with begin_write(self._engine) as connection:
            _alone(connection, party)
            found = self._find(connection, party, asked.posting)
            if found is not None:
                return self._same(connection, found, question, log)
            self._free(connection, party, asked, meters)
            values = {
                "posting": asked.posting, "device": asked.device, "rest": asked.rest,
                "start_us": asked.start_us, "end_us": asked.end_us, "total_wh": total,
                "key": asked.key.value, "reverses": "", "reason": "",
            }  # fmt: skip
            return self._keep(connection, party, log, values, details)

    def reverse(self, party: int, posting: str, reason: str) -> Posted:
        """Take a posting back by its mirror image, once: again answers the same."""
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        name = posting + _BACK
        with begin_write(self._engine) as connection:
            _alone(connection, party)
            found = self._find(connection, party, posting)
            if found is None:
                raise RefusedError(Code.NOT_FOUND, f"there is no posting {posting} of your party")
            if found.reverses:
                raise RefusedError(Code.STATE, "what takes a posting back is not taken back itself")
            earlier = self._find(connection, party, name)
            if earlier is not None:
                return _posted(earlier, log)
            told = orjson.loads(found.details)
            negative = [(bearer, -wh) for bearer, wh in told["shares"]]
            details = {"question": {}, "measured": told["measured"], "shares": negative}
            values = {
                "posting": name, "device": found.device, "rest": found.rest,
                "start_us": found.start_us, "end_us": found.end_us,
                "total_wh": -found.total_wh, "key": found.key, "reverses": posting,
                "reason": reason,
            }  # fmt: skip
            return self._keep(connection, party, log, values, details)

    def listed(
        self, party: int, bearer: str | None = None, device: str | None = None
    ) -> list[Posted]:
        """Postings, the newest time first, at most 1,000; of a bearer or a device alone."""
        query = select(postings).where(postings.c.party == party)
        if bearer is not None:
            names = select(shares.c.posting).where(
                (shares.c.party == party) & (shares.c.bearer == bearer)
            )
            query = query.where(postings.c.posting.in_(names))
        if device is not None:
            query = query.where(postings.c.device == device)
        query = query.order_by(postings.c.start_us.desc(), postings.c.posting).limit(LISTED_MAX)
        with begin_read(self._engine) as connection:
            rows = connection.execute(query).all()
        if not rows:
            return []  # who only asks makes no log
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        back = {row.reverses: row.posting for row in rows if row.reverses}
        return [_posted(row, log, back.get(row.posting, "")) for row in rows]

    def borne(self, party: int, bearer: str) -> int:
        """Wh that a batch or work order bears."""
        query = select(func.coalesce(func.sum(shares.c.wh), 0)).where(
            (shares.c.party == party) & (shares.c.bearer == bearer)
        )
        with begin_read(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def _measure(
        self, party: int, asked: Asked, meters: Mapping[str, Meter]
    ) -> tuple[int, list[dict[str, Any]]]:
        """Wh to share out, and the readings behind it."""
        if asked.end_us > 1_000_000 * self._clock.now():
            raise RefusedError(Code.INVALID, "that time is not over yet")
        store = self._sites.known(party).store
        known = store.catalogue()
        if all(each.device != asked.device for each in known):
            raise RefusedError(Code.NOT_FOUND, f"there is no device {asked.device} of your party")
        children = below(meters, asked.device) if asked.rest else ()
        if asked.rest and not children:
            raise RefusedError(
                Code.INVALID, f"the metering tree has no meter below {asked.device}: nothing rests"
            )
        span = (asked.start_us, asked.end_us)
        try:
            found = [
                counted(store, known, meters.get(name) or Meter(device=name), span)
                for name in (asked.device, *children)
            ]
        except EnergyError as exc:
            raise RefusedError(Code.INVALID, f"this energy cannot be shared out: {exc}") from exc
        total = found[0].wh - sum(each.wh for each in found[1:])
        if total < 0:
            raise RefusedError(
                Code.STATE,
                f"the meters below {asked.device} counted more than it did: "
                "look at its flags first",
            )
        return total, [asdict(each) for each in found]

    def _free(
        self, connection: Connection, party: int, asked: Asked, meters: Mapping[str, Meter]
    ) -> None:
        """Nothing of this energy was shared out before."""
        back = select(postings.c.reverses).where(postings.c.party == party)
        query = (
            select(postings.c.posting, postings.c.device, postings.c.rest)
            .where((postings.c.party == party) & (postings.c.start_us < asked.end_us))
            .where((postings.c.end_us > asked.start_us) & (postings.c.reverses == ""))
            .where(postings.c.posting.not_in(back))
        )
        mine = (asked.device, asked.rest)
        for row in connection.execute(query):  # all: what is not looked at is shared out twice
            if same_energy(mine, (row.device, row.rest), meters):
                raise RefusedError(
                    Code.STATE,
                    f"the posting {row.posting} shared out energy of {row.device} in this time "
                    "already: take it back first",
                )

    def _keep(
        self,
        connection: Connection,
        party: int,
        log: bytes,
        values: dict[str, Any],
        details: dict[str, Any],
    ) -> Posted:
        ms = 1000 * self._clock.now()
        record = {
            "schema": SCHEMA,
            "subject": f"energy-posting:{party}:{values['posting']}",
            "event_time": _time_text(ms),
            **values,
            "measured": details["measured"],
            "shares": [{"bearer": bearer, "wh": wh} for bearer, wh in details["shares"]],
        }
        (appended,) = self._evidence.append(connection, log, [record])
        text = orjson.dumps(details).decode()
        row = {**values, "party": party, "details": text, "leaf": appended.index}
        connection.execute(insert(postings).values(row))
        rows = [
            {"party": party, "bearer": bearer, "posting": values["posting"], "wh": wh}
            for bearer, wh in details["shares"]
        ]
        connection.execute(insert(shares), rows)
        return _posted(self._find(connection, party, values["posting"]), log)

    def _find(self, connection: Connection, party: int, posting: str) -> Any:
        own = (postings.c.party == party) & (postings.c.posting == posting)
        return connection.execute(select(postings).where(own)).first()

    def _same(
        self, connection: Connection, found: Any, question: dict[str, Any], log: bytes
    ) -> Posted:
        kept = orjson.loads(found.details)["question"]
        for name, value in question.items():
            if kept.get(name) != value:
                raise RefusedError(
                    Code.STATE,
                    f"the posting {found.posting} exists with another {name}: choose another id, "
                    "or take it back first",
                )
        back = self._find(connection, found.party, found.posting + _BACK)
        return _posted(found, log, "" if back is None else back.posting)


def _alone(connection: Connection, party: int) -> None:
    """Wait until nobody else posts for the party, until the end of the transaction: two who look at
    once would both find the energy free. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK, party)))


def _question(asked: Asked) -> dict[str, Any]:
    """What is asked, as it is compared when it comes again."""
    return {
        "device": asked.device,
        "rest": asked.rest,
        "start_us": asked.start_us,
        "end_us": asked.end_us,
        "key": asked.key.value,
        "weights": [[name, f"{weight.normalize():f}"] for name, weight in asked.weights.items()],
    }


def _posted(row: Any, log: bytes, reversed_by: str = "") -> Posted:
    told = orjson.loads(row.details)
    return Posted(
        row.posting, row.device, bool(row.rest), row.start_us, row.end_us, row.total_wh, row.key,
        row.reverses, row.reason, [(bearer, wh) for bearer, wh in told["shares"]],
        told["measured"], "0x" + log.hex(), row.leaf, reversed_by,
    )  # fmt: skip


def _time_text(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + ".000Z"
