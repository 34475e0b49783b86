"""The daily run beside the same calls in bare boto3: `python benchmarks/morning.py --help`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from benchmarks.account import FIFTY, HUNDREDS, ROOT, SMALL, THOUSAND, Size, account, stacks_toml
from benchmarks.latency_proxy import LatencyProxy
from opschecks.sandbox.environment import CREDENTIALS

SIZES = {"small": SMALL, "fifty": FIFTY, "hundreds": HUNDREDS, "thousand": THOUSAND}
BARE = str(ROOT / "benchmarks" / "bare.py")


@dataclass
class Contestant:
    """A command, how long its runs took, and what it called in the last of them."""

    name: str
    command: list[str]
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0
    ends: tuple[int, ...] = ()
    """More exit codes that are no failure of the command."""

    @property
    def median_s(self) -> float:
        """The median of all runs."""
        return statistics.median(self.wall_s)


def contestants(folder: Path) -> list[Contestant]:
    """Ours, the bound to beat, and the script that everybody writes first."""
    stacks = str(folder / "stacks.toml")
    ours = [sys.executable, "-m", "pytest", "checks/daily", "--stacks", stacks, "--reports", str(folder / "reports")]
    return [
        Contestant("pytest checks/daily", [*ours, "-q"]),
        Contestant("bare boto3, in threads", [sys.executable, BARE, "threads", stacks]),
        Contestant("bare boto3, call after call", [sys.executable, BARE, "in-turn", stacks]),
    ]


def compare(
    size: Size, delay_s: float, *, tls: bool, rounds: int, web: bool = True, warm_up: bool = True
) -> list[Contestant]:
    """Run all of them, taking turns, after one round that does not count (`warm_up`)."""
    with tempfile.TemporaryDirectory() as name, account(size) as sandbox:
        folder = Path(name)
        with LatencyProxy(sandbox.server.url, delay_s, folder if tls else None) as proxy:
            text = stacks_toml(sandbox.stack, proxy.url, sandbox if web else None)
            (folder / "stacks.toml").write_text(text, encoding="utf-8")
            told = contestants(folder)
            for number in range(0 if warm_up else 1, rounds + 1):
                for one in told:
                    proxy.forget()
                    run_once(one, _environment(proxy))
                    one.calls, one.most_at_once = proxy.seen.calls, proxy.seen.most_at_once
                    if number == 0:
                        one.wall_s.clear()
                        one.cpu_s.clear()
    return told


def _environment(proxy: LatencyProxy) -> Mapping[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
    keys = {key.upper(): value for key, value in CREDENTIALS.items()}
    bundle = {"AWS_CA_BUNDLE": str(proxy.ca_bundle)} if proxy.ca_bundle else {}
    return {**kept, **keys, **bundle, "AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": str(ROOT / "plugins")}


def run_once(one: Contestant, environment: Mapping[str, str]) -> None:
    """Run the command, and keep how long it took; ClickException where it ended in an unknown way."""
    before, began = os.times(), time.monotonic()
    done = subprocess.run(
        one.command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    one.wall_s.append(time.monotonic() - began)
    after = os.times()
    one.cpu_s.append(after.children_user + after.children_system - before.children_user - before.children_system)
    if done.returncode not in (0, 1, 10, *one.ends):
        raise click.ClickException(f"{one.name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="fifty", show_default=True)
@click.option("--delay-ms", default=40.0, show_default=True, help="added to each call")
@click.option("--tls/--no-tls", default=True, show_default=True)
@click.option("--rounds", default=5, show_default=True, help="runs of each that count")
def main(size: str, delay_ms: float, tls: bool, rounds: int) -> None:
    """Print the daily run, the same calls in threads, and the same calls in turn, measured in one go."""
    told = compare(SIZES[size], delay_ms / 1000, tls=tls, rounds=rounds)
    ours = told[0]
    click.echo(f"{size}, {delay_ms:g} ms a call, {'TLS' if tls else 'no TLS'}, median of {rounds}")
    click.echo(f"{'':28} {'wall':>7} {'CPU':>7} {'calls':>6} {'at once':>8}  ours is")
    for one in told:
        ratio = one.median_s / ours.median_s
        said = f"{ratio:.1f} times as fast" if ratio >= 1 else f"{1 / ratio:.2f} times as long"
        click.echo(
            f"{one.name:28} {one.median_s:6.2f}s {statistics.median(one.cpu_s):6.2f}s "
            f"{one.calls.total():6} {one.most_at_once:8}  {said if one is not ours else ''}"
        )
    for one in told[1:]:
        if one.calls != ours.calls:
            more, fewer = ours.calls - one.calls, one.calls - ours.calls
            click.echo(f"not the same calls as {one.name}: ours makes {dict(more)} more and {dict(fewer)} fewer")


if __name__ == "__main__":
    main()
