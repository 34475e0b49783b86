"""Many stacks in one daily run: `python -m benchmarks.fleet --help`."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.account import ROOT, SMALL, account, stacks_toml
from benchmarks.latency_proxy import LatencyProxy
from opschecks.sandbox.environment import CREDENTIALS

OTHERS = ("rerunfailures", "timeout", "hypothesispytest", "socket", "cov", "randomly", "sugar", "asyncio", "anyio")
"""pytest plugins that opschecks does not need: their hooks run for each check too."""

SAMPLED_S = 0.5
"""So often memory and sockets are looked at: what is there for less is missed."""


@dataclass(frozen=True)
class Measured:
    """One run: its wall time and CPU in seconds; the most memory in MB and sockets that it had; its calls."""

    stacks: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    sockets: int
    calls: int
    most_at_once: int
    throttled: int
    blind: int


def stacks_of(text: str, stacks: int) -> str:
    """The stacks.toml with its one stack under so many names, each healthy: what it has not, it says."""
    _, head, table = text.partition("[stacks.live]")
    table = table.replace("dashboards = []\n", 'without = ["websocket", "dashboard_url", "backend_url"]\n')
    named = (f"[stacks.live-{number:04}]{table}" for number in range(stacks))
    return f'default = "live-0000"\n\n{"".join(named)}' if head else text


def measure(
    folder: Path, proxy: LatencyProxy, stacks: int, environment: Mapping[str, str], processes: int = 0
) -> Measured:
    """Run the daily suite of all of them once, in a process of its own, or spread over so many."""
    command = [sys.executable, "-m", "pytest", "checks/daily", "--stack", "all", "-q", "-p", "no:cacheprovider"]
    command += ["--stacks", str(folder / f"stacks-{stacks}.toml"), "--reports", str(folder / f"reports-{stacks}")]
    command += ["-n", str(processes)] if processes else []
    command += [part for name in OTHERS for part in ("-p", f"no:{name}")]
    proxy.forget()
    before, began = os.times(), time.monotonic()
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        peak_mb, sockets = 0.0, 0
        while process.poll() is None:
            family = _family(process.pid)
            peak_mb = max(peak_mb, sum(map(_memory_mb, family)))
            sockets = max(sockets, sum(map(_sockets, family)))
            time.sleep(SAMPLED_S)
        said = process.stderr.read().decode() if process.stderr else ""
    if process.returncode not in (0, 1, 10):
        raise click.ClickException(f"{stacks} stacks: it ended with {process.returncode}:\n{said}")
    after = os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Measured(
        stacks,
        time.monotonic() - began,
        cpu_s,
        peak_mb,
        sockets,
        proxy.seen.calls.total(),
        proxy.seen.most_at_once,
        proxy.seen.throttled,
        _blind(folder / f"reports-{stacks}" / "daily.json"),
    )


def _blind(run_file: Path) -> int:
    """How many checks could not look, or were not run."""
    counts = json.loads(run_file.read_text(encoding="utf-8"))["counts"]
    return int(counts["blind"] + counts["not_run"])


def _family(pid: int) -> list[int]:
    """The process and its children, which are those that -n starts."""
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:  # it has just ended
        return []
    return [pid, *map(int, told.split())]


def _sockets(pid: int) -> int:
    """The sockets that the process has open."""
    found = 0
    with contextlib.suppress(OSError):
        for one in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found += one.readlink().name.startswith("socket:")
    return found


def _memory_mb(pid: int) -> float:
    """The memory of the process now, where a page that several processes share counts once for all (PSS).

    The kernel counts the pages each time, which takes milliseconds of the cores that are measured: see SAMPLED_S.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:  # it has just ended
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def environment_of(**more: str) -> dict[str, str]:
    """What the run is given of the environment: nothing that this machine's AWS configuration could change."""
    keys = {key.upper(): value for key, value in CREDENTIALS.items()}
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
    return {**kept, **keys, "AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": str(ROOT / "plugins"), **more}


@click.command()
@click.option(
    "--stacks", "numbers", multiple=True, type=int, default=(1, 10, 100), show_default=True, help="repeatable"
)
@click.option("--delay-ms", default=40.0, show_default=True, help="added to each call")
@click.option("--a-second", default=0.0, show_default=True, help="calls that the account takes a second; 0: any number")
@click.option("-n", "processes", default=0, show_default=True, help="spread over so many processes; 0: one does all")
def main(numbers: tuple[int, ...], delay_ms: float, a_second: float, processes: int) -> None:
    """Print what a daily run of many stacks costs, all of them of one emulated account on the same machine.

    Its answers are fetched from the emulator once, and replayed: what is measured is the run. CPU is user and system
    time of the run and its children, without emulator and proxy. Memory is that of all of its processes, each shared
    page counted once (PSS), at the moment when it is most; files that are mapped are part of it.
    """
    click.echo(
        f"{'stacks':>7} {'wall':>8} {'CPU':>8} {'CPU/stack':>10} {'peak':>8} {'sockets':>8} {'calls':>7} "
        f"{'at once':>8} {'throttled':>10} {'blind':>6}"
    )
    for stacks in numbers:
        # a fresh account for each: its metrics are of the last hours, and would grow old
        with tempfile.TemporaryDirectory() as name, account(SMALL) as sandbox:
            folder = Path(name)
            with LatencyProxy(sandbox.server.url, delay_ms / 1000, None, a_second) as proxy:
                text = stacks_toml(sandbox.stack, proxy.url, None)
                for number in (1, stacks):
                    (folder / f"stacks-{number}.toml").write_text(stacks_of(text, number), encoding="utf-8")
                measure(folder, proxy, 1, environment_of())  # so that all answers are there
                one = measure(folder, proxy, stacks, environment_of(), processes)
        click.echo(
            f"{stacks:7} {one.wall_s:7.1f}s {one.cpu_s:7.1f}s {one.cpu_s / stacks:9.3f}s {one.peak_mb:5.0f} MB "
            f"{one.sockets:8} {one.calls:7} {one.most_at_once:8} {one.throttled:10} {one.blind:6}"
        )


if __name__ == "__main__":
    main()
