"""What a store means, in plain Python: lists, dictionaries and loops."""

from collections import defaultdict
from collections.abc import Sequence

from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.quality import BAD_MIN
from xinlian.ingest.model.query import DAY_US, Amendment, Retention, Roll

SPAN_US = Roll.M15.us
Steps = dict[int, list[tuple[int, float]]]
"""Times and good values, by the beginning of the step."""
Reading = tuple[float, int, bool]
"""Value (0 where bad), quality, amended."""


class PlainStore:
    """Readings of tags by device, tag and time; every tag lies in one table."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], dict[int, tuple[float, int]]] = defaultdict(dict)
        """By table, device and tag."""
        self.streams: dict[str, int] = {}
        self.corrections: list[Amendment] = []
        self.waiting: set[int] = set()
        self.cuts: dict[str, int] = {}
        self.rolled: dict[tuple[Roll, str, str], dict[int, list[tuple[int, float]]]] = defaultdict(
            dict
        )

    def append_many(self, stream: str, entries: Sequence[tuple[int, Sequence[Frame]]]) -> None:
        for position, frames in entries:
            if position <= self.streams.get(stream, -1):
                continue
            self.streams[stream] = position
            for frame in frames:
                for index, tag in enumerate(frame.tags):
                    kept = self.rows[frame.table.name, frame.device, tag.name]
                    for row, time in enumerate(frame.received_us.tolist()):
                        code = 0 if frame.quality is None else int(frame.quality[index, row])
                        raw = float(frame.columns[index][row])
                        value = raw * float(tag.scale) + float(tag.offset)
                        kept[time] = (0.0 if code >= BAD_MIN else value, code)
                        self.waiting.add(time // SPAN_US * SPAN_US)

    def amend(self, amendments: Sequence[Amendment]) -> None:
        keys = {each.key for each in self.corrections}
        for amendment in amendments:
            if amendment.key not in keys:
                self.corrections.append(amendment)
                self.waiting |= {time // SPAN_US * SPAN_US for time in amendment.times_us}

    def readings(self, device: str, tag: str, amended: bool = True) -> dict[int, Reading]:
        """By time, in order of time."""
        tables = [key[0] for key in self.rows if key[1:] == (device, tag)]
        if not tables:
            return {}
        (table,) = tables
        cut = self.cuts.get(table, 0)
        found: dict[int, Reading] = {
            time: (*reading, False)
            for time, reading in self.rows[table, device, tag].items()
            if time >= cut
        }
        for each in self.corrections if amended else []:
            if (each.device, each.tag) == (device, tag):
                codes = each.quality or (0,) * len(each.times_us)
                for time, value, code in zip(each.times_us, each.values, codes, strict=True):
                    if time >= cut:
                        found[time] = (0.0 if code >= BAD_MIN else value, code, True)
        return dict(sorted(found.items()))

    def steps(
        self, device: str, tag: str, start: int, end: int, step: int, amended: bool = True
    ) -> Steps:
        """Times and good values of each step."""
        found: Steps = {}
        for time, (value, code, _) in self.readings(device, tag, amended).items():
            if start <= time < end and code < BAD_MIN:
                found.setdefault(time - time % step, []).append((time, value))
        return found

    def rollup(self) -> None:
        for start in self.waiting:
            if any(cut > start for cut in self.cuts.values()):
                continue
            for roll in Roll:
                first = start - start % roll.us
                last = max(start + SPAN_US, first + roll.us)
                for _, device, tag in list(self.rows):
                    kept = self.rolled[roll, device, tag]
                    if roll is Roll.H1:
                        self._roll_hour(device, tag, first)
                        continue
                    for time in [time for time in kept if first <= time < last]:
                        del kept[time]
                    kept |= self.steps(device, tag, first, last, roll.us)
        self.waiting.clear()

    def _roll_hour(self, device: str, tag: str, first: int) -> None:
        quarters = self.rolled[Roll.M15, device, tag]
        inside = [quarters[time] for time in sorted(quarters) if first <= time < first + Roll.H1.us]
        self.rolled[Roll.H1, device, tag].pop(first, None)
        if inside:
            self.rolled[Roll.H1, device, tag][first] = [each for some in inside for each in some]

    def retain(self, policy: Retention, now_us: int) -> None:
        busy = {start // DAY_US for start in self.waiting}
        cuts: dict[str, int] = {}
        for table in {key[0] for key in self.rows}:
            days = policy.raw_days
            if days is None:
                continue
            mine = [kept for key, kept in self.rows.items() if key[0] == table]
            there = {time // DAY_US for kept in mine for time in kept}
            cut = self.cuts.get(table, 0) // DAY_US
            for day in sorted(there):
                if day + 1 > now_us // DAY_US - days or (day in busy and day >= cut):
                    break
                cuts[table] = max(cuts.get(table, self.cuts.get(table, 0)), (day + 1) * DAY_US)
                for kept in mine:
                    for time in [time for time in kept if time // DAY_US == day]:
                        del kept[time]
        self.cuts |= cuts
