"""One run of the demo of traceability: from files to a recall, a proof, paper and a page."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from xinlian.services.demo.progress import Progress
from xinlian.services.demo.proving import Outcome
from xinlian.services.demo_trace.scenes import FILES, SAMPLE, play_catenax, play_sample
from xinlian.services.demo_trace.site import Site
from xinlian.services.demo_trace.stage import Options, Stage
from xinlian.services.settings import checkout

__all__ = ["FILES", "SAMPLE", "Options", "Outcome", "run_demo_trace"]


def run_demo_trace(options: Options, stream: TextIO) -> Outcome:
    """Run it and write progress to a stream. Raises ``DemoError``. Nothing that was started is left
    running, however this ends."""
    progress = Progress(stream)
    usual = checkout() / ".xl" / "demo-trace"
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="xinlian-demo-", ignore_cleanup_errors=True)
            )
        )
        out = options.out or folder / "files"
        out.mkdir(parents=True, exist_ok=True)
        site = stack.enter_context(Site(folder))
        run = Stage(options, site, progress, out)
        play_sample(run) if options.catenax is None else play_catenax(run, options.catenax)
        run.outcome.facts["seconds"] = round(progress.seconds, 1)
        for name, good in run.outcome.checks.items():
            if not good:
                progress.say(f"           {name}: {run.text('no')}")
        if options.out is None:
            # What the run before made stands until this one is through.
            shutil.rmtree(usual, ignore_errors=True)
            run.out = shutil.copytree(out, usual)
        run.end()
    return run.outcome
