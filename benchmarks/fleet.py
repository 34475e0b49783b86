"""Many stacks in one daily run: `python -m benchmarks.fleet --help`."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Measured:
    """One run: its wall time and CPU in seconds, its peak memory in MB, its calls, how many were under way at once."""

    stacks: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    calls: int
    most_at_once: int


def stacks_of(text: str, stacks: int) -> str:
    """The stacks.toml with its one stack under so many names."""
    _, head, table = text.partition("[stacks.live]")
    named = (f"[stacks.live-{number:04}]{table}" for number in range(stacks))
    return f'default = "live-0000"\n\n{"".join(named)}' if head else text


def measure(folder: Path, proxy: LatencyProxy, stacks: int, environment: Mapping[str, str]) -> Measured:
    """Run the daily suite of all of them once, in a process of its own."""
    command = [sys.executable, "-m", "pytest", "checks/daily", "--stack", "all", "-q", "-p", "no:cacheprovider"]
    command += ["--stacks", str(folder / f"stacks-{stacks}.toml"), "--reports", str(folder / f"reports-{stacks}")]
    proxy.forget()
    before, began = os.times(), time.monotonic()
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        peak_mb = 0.0
        while process.poll() is None:
            peak_mb = max(peak_mb, _peak_mb(process.pid))
            time.sleep(0.05)
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
        proxy.seen.calls.total(),
        proxy.seen.most_at_once,
    )


def _peak_mb(pid: int) -> float:
    """The most memory that the process has had since it was started; wait4 would count that of its parent, too."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:  # it has just ended
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


@click.command()
@click.option("--stacks", "numbers", multiple=True, type=int, default=(1, 10, 50), show_default=True, help="repeatable")
@click.option("--delay-ms", default=40.0, show_default=True, help="added to each call")
def main(numbers: tuple[int, ...], delay_ms: float) -> None:
    """Print what a daily run of many stacks costs, all of them of one emulated account on the same machine."""
    keys = {key.upper(): value for key, value in CREDENTIALS.items()}
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
    environment = {**kept, **keys, "AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": str(ROOT / "plugins")}
    with tempfile.TemporaryDirectory() as name, account(SMALL) as sandbox:
        folder = Path(name)
        with LatencyProxy(sandbox.server.url, delay_ms / 1000, None) as proxy:
            text = stacks_toml(sandbox.stack, proxy.url, None)
            click.echo(
                f"{'stacks':>7} {'wall':>8} {'CPU':>8} {'CPU/stack':>10} {'peak':>8} {'calls':>7} {'at once':>8}"
            )
            for stacks in numbers:
                (folder / f"stacks-{stacks}.toml").write_text(stacks_of(text, stacks), encoding="utf-8")
                one = measure(folder, proxy, stacks, environment)
                click.echo(
                    f"{stacks:7} {one.wall_s:7.1f}s {one.cpu_s:7.1f}s {one.cpu_s / stacks:9.2f}s {one.peak_mb:5.0f} MB "
                    f"{one.calls:7} {one.most_at_once:8}"
                )


if __name__ == "__main__":
    main()
