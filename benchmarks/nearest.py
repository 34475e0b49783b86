"""The daily run beside Cloud Custodian and Prowler on the nearest questions: `python -m benchmarks.nearest --help`.

Neither is a dependency: each is installed into a virtual environment of its own, and named by its program.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import click

from benchmarks.account import ROOT, account, stacks_toml
from benchmarks.fleet import OTHERS, environment_of
from benchmarks.latency_proxy import LatencyProxy
from benchmarks.morning import SIZES, Contestant, run_once

POLICIES = ROOT / "benchmarks" / "custodian.yml"
PROWLER = (
    "cloudwatch_alarm_actions_enabled", "dynamodb_tables_pitr_enabled", "ec2_securitygroup_default_restrict_traffic",
    "ec2_securitygroup_allow_ingress_from_internet_to_any_port", "ecs_service_no_assign_public_ip",
    "elbv2_is_in_multiple_az", "cloudwatch_log_group_retention_policy_specific_days_enabled",
)  # fmt: skip
"""It asks about settings: these are the nearest that it has."""


def contestants(folder: Path, custodian: str, prowler: str, region: str) -> list[Contestant]:
    """Ours, and each of the others whose program is named."""
    stacks, without = str(folder / "stacks.toml"), [part for name in OTHERS for part in ("-p", f"no:{name}")]
    ours = [sys.executable, "-m", "pytest", "checks/daily", "--stacks", stacks, "--reports", str(folder / "reports")]
    told = [Contestant("pytest checks/daily", [*ours, "-q", *without])]
    if custodian:
        run = ["run", "--region", region, "--output-dir", str(folder / "custodian"), "--cache-period", "0"]
        told.append(Contestant("Cloud Custodian, 7 policies", [custodian, *run, str(POLICIES)]))
    if prowler:
        where = ["--region", region, "--output-directory", str(folder / "prowler"), "--no-banner"]
        command = [prowler, "aws", *where, "--checks", *PROWLER]
        told.append(Contestant(f"Prowler, {len(PROWLER)} checks", command, ends=(3,)))
    return told


@click.command()
@click.option("--custodian", default="", help="its program, such as /tmp/c7n/bin/custodian; without, it does not run")
@click.option("--prowler", default="", help="the same of Prowler")
@click.option("--size", type=click.Choice(list(SIZES)), default="fifty", show_default=True)
@click.option("--delay-ms", default=40.0, show_default=True, help="added to each call")
@click.option("--rounds", default=3, show_default=True, help="runs of each that count, after one that does not")
def main(custodian: str, prowler: str, size: str, delay_ms: float, rounds: int) -> None:
    """Print wall time, CPU and calls of each, taking turns, with the same emulated account behind the proxy."""
    with tempfile.TemporaryDirectory() as name, account(SIZES[size]) as sandbox:
        folder = Path(name)
        with LatencyProxy(sandbox.server.url, delay_ms / 1000) as proxy:
            (folder / "stacks.toml").write_text(stacks_toml(sandbox.stack, proxy.url, None), encoding="utf-8")
            region = str(sandbox.stack.region)
            told = contestants(folder, custodian, prowler, region)
            # the others are led to the account as any program is; our stack names its endpoint itself
            elsewhere = environment_of(AWS_ENDPOINT_URL=proxy.url, AWS_DEFAULT_REGION=region)
            for number in range(rounds + 1):
                for one in told:
                    proxy.forget()
                    run_once(one, environment_of() if one is told[0] else elsewhere)
                    one.calls, one.most_at_once = proxy.seen.calls, proxy.seen.most_at_once
                    if number == 0:
                        one.wall_s.clear()
                        one.cpu_s.clear()
    click.echo(f"{size}, {delay_ms:g} ms a call, median of {rounds}")
    click.echo(f"{'':28} {'wall':>7} {'CPU':>7} {'calls':>6} {'at once':>8}")
    for one in told:
        cpu_s = statistics.median(one.cpu_s)
        click.echo(f"{one.name:28} {one.median_s:6.2f}s {cpu_s:6.2f}s {one.calls.total():6} {one.most_at_once:8}")
    for one in told[1:]:
        cpu = statistics.median(told[0].cpu_s) / statistics.median(one.cpu_s)
        click.echo(f"beside {one.name}: {one.median_s / told[0].median_s:.1f} times as fast, {cpu:.2f} of its CPU")


if __name__ == "__main__":
    main()
