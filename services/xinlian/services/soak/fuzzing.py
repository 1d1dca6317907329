"""A small mutation fuzzer for decoders: deterministic, short in the suite, long on request.

    run = fuzz(decode, seeds=[frame1, frame2], errors=(FrameError,))
    assert run.tries and run.accepted

``decode`` is given bytes. It may return anything or raise one of ``errors``; whatever else it
raises, more memory than ``memory_mb`` or a single call longer than ``call_seconds_max`` is an
``AssertionError`` that shows the bytes in hex and the number of the try, so that it can join
the seeds. The same ``seed`` gives the same bytes in the same order.

A run ends after ``tries`` calls, or after ``seconds`` where these are given.
``XINLIAN_FUZZ_SECONDS=120`` makes each run of the suite last as many seconds instead, from a fresh
random seed that a failure prints; ``XINLIAN_FUZZ_SEED=n`` sets the seed. Inputs that reach
something new (another result, another error text) are kept as further seeds, bounded by
``CORPUS_MAX``.
"""

from __future__ import annotations

import os
import random
import secrets
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Fuzzed", "fuzz", "mutate"]

CORPUS_MAX: Final = 512
BYTES_MAX: Final = 8_192
INTERESTING: Final = (0x00, 0x01, 0x02, 0x7F, 0x80, 0x81, 0xFE, 0xFF)


@dataclass(slots=True)
class Fuzzed:
    """What a run did: calls, those that were accepted, those refused, seeds in the end."""

    tries: int = 0
    accepted: int = 0
    refused: int = 0
    corpus: int = 0
    seed: int = 0
    peak_bytes: int = 0
    """Most that was held at once, in the part of the run that is watched."""


def fuzz(
    decode: Callable[[bytes], Any],
    *,
    seeds: Sequence[bytes],
    errors: tuple[type[BaseException], ...] = (),
    tries: int = 3_000,
    seed: int = 1,
    memory_mb: int = 64,
    call_seconds_max: float = 5.0,
    outcome: Callable[[Any], object] | None = None,
    seconds: float = 0.0,
) -> Fuzzed:
    """Give ``decode`` mutations of ``seeds`` and of one another.

    ``outcome`` maps a result to something hashable that tells kinds of results apart (the type of
    the result if not given). Memory is watched in a first part of the run only: tracing is slow.
    """
    if not seconds and (seconds := float(os.environ.get("XINLIAN_FUZZ_SECONDS", "0"))):
        seed = int(os.environ.get("XINLIAN_FUZZ_SEED", "0")) or secrets.randbits(32)
    rng = random.Random(seed)  # noqa: S311 - bytes to try, no secrets
    corpus = [bytes(each) for each in seeds] or [b""]
    known: set[object] = set()
    run = Fuzzed(seed=seed)
    end = time.monotonic() + seconds
    traced = min(tries, 300)
    tracemalloc.start()
    try:
        while (time.monotonic() < end) if seconds else (run.tries < tries):
            if run.tries == traced:
                _stop_tracing(run, memory_mb)
            data = corpus[run.tries] if run.tries < len(seeds) else mutate(rng, corpus)
            kind = _call(decode, data, errors, run, call_seconds_max, outcome)
            if kind not in known and len(known) < CORPUS_MAX * 4:
                known.add(kind)
                if len(corpus) < CORPUS_MAX:
                    corpus.append(data)
        _stop_tracing(run, memory_mb)
    finally:
        tracemalloc.stop()
    run.corpus = len(corpus)
    return run


def _stop_tracing(run: Fuzzed, memory_mb: int) -> None:
    if not tracemalloc.is_tracing():
        return
    run.peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    if run.peak_bytes >= memory_mb << 20:
        raise AssertionError(f"{run.peak_bytes:,} bytes held (seed {run.seed})")


def _call(
    decode: Callable[[bytes], Any],
    data: bytes,
    errors: tuple[type[BaseException], ...],
    run: Fuzzed,
    seconds_max: float,
    outcome: Callable[[Any], object] | None,
) -> object:
    began = time.thread_time()
    run.tries += 1
    kind: object
    try:
        result = decode(data)
        kind = ("accepted", outcome(result) if outcome is not None else type(result).__name__)
        run.accepted += 1
    except errors as exc:
        kind = ("refused", type(exc).__name__, str(exc)[:40])
        run.refused += 1
    except Exception as exc:
        raise AssertionError(
            f"{type(exc).__name__}: {exc}; try {run.tries}, seed {run.seed}, bytes {data.hex()}"
        ) from exc
    took = time.thread_time() - began
    if took >= seconds_max:
        raise AssertionError(f"{took:.1f} s for bytes {data.hex()} (seed {run.seed})")
    return kind


def mutate(rng: random.Random, corpus: Sequence[bytes]) -> bytes:
    """One to eight changes of a member of the corpus."""
    data = bytearray(rng.choice(corpus))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4, 8))):
        _change(rng, data, corpus)
    return bytes(data[:BYTES_MAX])


def _change(rng: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    end = min(len(data), at + rng.choice((1, 1, 2, 4, 8, 32)))
    way = rng.randrange(9)
    if way == 0 and at < len(data):
        data[at] ^= 1 << rng.randrange(8)
    elif way == 1 and at < len(data):
        data[at] = rng.choice(INTERESTING)
    elif way == 2 and at < len(data):
        data[at] = rng.randrange(256)
    elif way == 3:
        del data[at:end]
    elif way == 4:
        data[at:at] = rng.randbytes(rng.choice((1, 2, 4, 16)))
    elif way == 5:
        data[at:at] = data[at:end]
    elif way == 6:
        del data[at:]
    elif way == 7 and len(data) - at >= 2:
        size = rng.choice((2, 4)) if len(data) - at >= 4 else 2
        number = rng.choice((0, 1, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF))
        order: Any = rng.choice(("big", "little"))
        data[at : at + size] = (number & ((1 << 8 * size) - 1)).to_bytes(size, order)
    else:
        other = rng.choice(corpus)
        start = rng.randrange(len(other) + 1)
        data[at:end] = other[start : start + rng.choice((1, 4, 16, 64))]
