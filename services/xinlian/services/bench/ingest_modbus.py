"""`./xl bench ingest-modbus`: from the socket to the durable segment, in one collector process.

    --quick             10 s of each
    --seconds N         measured span of throughput and of the fast device, 30 if not given
    --connections N     links at once, 1,000 if not given
    --hold MINUTES      then hold the links for so long, with samples of memory

The simulator runs in a process of its own; the collector, its recorder, seals and fsyncs in this
one. Rows are counted in the log afterwards, by the time of their receipt: what is not durable does
not count. A poll reads 120 registers, 60 floats.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Final

import numpy as np
from xinlian.services.bench.figures import Figures, Targets, say
from xinlian.services.bench.ingest_modbus_run import Run, collect, folder_of_log, simulated
from xinlian.services.bench.ingest_modbus_sim import device_list

TAGS: Final = 60
REGISTERS: Final = 2 * TAGS
PERIOD_MS: Final = 33
"""30 polls a second of each link: 1,000 of them ask for 3.6 million registers a second."""
SEGMENT_MS: Final = 2_000
HOLD_PERIOD_MS: Final = 1_000
FAST_MS: Final = 10
OTHERS: Final = 200
WARM_S: Final = 5.0
AT_LEAST: Final = {"registers_per_s": 3_000_000.0}
AT_MOST: Final = {"jitter_p99_ms": 3.0, "missed_cycles_percent": 0.1}
MEANING: Final = {
    "registers_per_s": "registers that lay durable, of all links, a second",
    "links": "links live all the time",
    "polls_per_s": "answers of 120 registers, durable, a second",
    "cpu_us_per_poll": "processor time of the collector's process a poll, microseconds",
    "collector_cores": "processors that it used",
    "simulator_cores": "processors that the simulator used",
    "missed_percent": "polls asked for that brought nothing, while as much is asked as can be",
    "log_mb_per_s": "what the log grew by",
    "rss_mb": "memory of the collector's process",
    "jitter_p99_ms": "one device at 10 ms, 200 others at 1 s: how far its intervals are off",
    "jitter_p50_ms": "the same, median",
    "missed_cycles_percent": "its cycles that brought nothing",
    "hold_minutes": "how long the links were held",
    "hold_links": "links live all the time",
    "hold_missed_percent": "polls that brought nothing",
    "hold_rss_mb_first": "memory in the first tenth of it, after the warm-up",
    "hold_rss_mb_last": "in the last tenth",
    "hold_growth_percent": "from the one to the other",
}
TARGETS: Final = Targets(MEANING, AT_LEAST, AT_MOST)


def main(arguments: list[str]) -> int:
    """The command; 0 also if targets were missed: they are marked."""
    parser = argparse.ArgumentParser(prog="xl bench ingest-modbus")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="10 s of each")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--connections", type=int, default=1_000)
    parser.add_argument("--hold", type=float, default=0.0, metavar="MINUTES")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    results = Figures(TARGETS)
    seconds = 10.0 if options.quick else options.seconds
    measure(results, connections=options.connections, seconds=seconds, hold_minutes=options.hold)
    took = round(time.monotonic() - began)
    print(json.dumps(results.as_json(took)) if options.json else results.as_table(took))
    return 0


def measure(
    results: Figures, *, connections: int = 1_000, seconds: float = 30.0, hold_minutes: float = 0.0
) -> None:
    """Throughput, the fast device, and links that are held."""
    throughput(results, connections, seconds)
    fast_device(results, seconds)
    if hold_minutes > 0:
        hold(results, connections, hold_minutes)


def throughput(results: Figures, connections: int, seconds: float) -> None:
    """All links polled as often as one process can."""
    say(f"{connections:,} links, {REGISTERS} registers each {PERIOD_MS} ms, {seconds:.0f} s")
    with simulated(connections, TAGS) as (ports, process), folder_of_log() as folder:
        run = collect(
            device_list(connections, TAGS, PERIOD_MS, ports=ports),
            folder,
            warm_s=WARM_S,
            seconds=seconds,
            segment_ms=SEGMENT_MS,
            beside=process.pid,
        )
    cores, simulator = run.cpu_s / run.seconds, run.beside_cpu_s / run.seconds
    polls = run.rows / run.seconds
    limit = _limit(cores, simulator, _missed(run))
    results.put("registers_per_s", polls * REGISTERS, limit)
    results.put("links", run.links_least)
    results.put("polls_per_s", polls)
    results.put("cpu_us_per_poll", 1e6 * run.cpu_s / max(1, run.rows))
    results.put("collector_cores", cores)
    results.put("simulator_cores", simulator)
    results.put("missed_percent", _missed(run))
    results.put("log_mb_per_s", run.log_bytes / 1e6 / (run.seconds + WARM_S))
    results.put("rss_mb", max(run.rss_mb))
    say(f"{polls * REGISTERS:,.0f} registers/s, {1e6 * run.cpu_s / max(1, run.rows):.1f} us a poll")


def fast_device(results: Figures, seconds: float) -> None:
    """One device at 10 ms while others are polled once a second."""
    say(f"one device each {FAST_MS} ms beside {OTHERS} each second, {seconds:.0f} s")
    # Devices do not wait for one another: the fast one is simulated by itself.
    with (
        simulated(OTHERS, TAGS) as (ports, _),
        simulated(1, TAGS) as (port, _),
        folder_of_log() as folder,
    ):
        others = device_list(OTHERS, TAGS, 1_000, ports=ports)
        (fast,) = device_list(1, TAGS, FAST_MS, prefix="fast", ports=port)
        run = collect(
            [*others, fast],
            folder,
            warm_s=WARM_S,
            seconds=seconds,
            segment_ms=1_000,
        )
    times = run.times_us[fast.id]
    off_ms = np.abs(np.diff(times) / 1_000 - FAST_MS)
    cycles = run.seconds * 1_000 / FAST_MS
    missed = max(0.0, 100 * (1 - len(times) / cycles))
    why = "the event loop, the processors' other work and the network stack"
    results.put("jitter_p99_ms", float(np.percentile(off_ms, 99)), why)
    results.put("jitter_p50_ms", float(np.percentile(off_ms, 50)))
    results.put("missed_cycles_percent", missed, why)


def hold(results: Figures, connections: int, minutes: float) -> None:
    """Links held for minutes, each polled once a second; memory must stay as it is."""
    say(f"{connections:,} links held for {minutes:g} minutes")
    with simulated(connections, TAGS) as (ports, _), folder_of_log() as folder:
        run = collect(
            device_list(connections, TAGS, HOLD_PERIOD_MS, ports=ports),
            folder,
            warm_s=min(60.0, minutes * 12),
            seconds=minutes * 60,
            segment_ms=SEGMENT_MS,
            told=say,
        )
    tenth = max(1, len(run.rss_mb) // 10)
    first, last = np.median(run.rss_mb[:tenth]), np.median(run.rss_mb[-tenth:])
    results.put("hold_minutes", minutes)
    results.put("hold_links", run.links_least)
    results.put("hold_missed_percent", _missed(run))
    results.put("hold_rss_mb_first", float(first))
    results.put("hold_rss_mb_last", float(last))
    results.put("hold_growth_percent", 100 * float(last / first - 1))


def _missed(run: Run) -> float:
    return 100 * run.counts.missed / max(1, run.counts.expected)


def _limit(collector: float, simulator: float, missed: float) -> str:
    asked = "what was asked for" if missed < 1 else "processors shared with other work"
    if collector > 0.9:
        asked = "the collector's event loop, one processor"
    elif simulator > 0.9:
        asked = "the simulator, one processor"
    return f"{asked} (collector {collector:.2f}, simulator {simulator:.2f} cores)"
