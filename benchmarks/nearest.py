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
SEVEN = (
    "test_no_alarm_is_ringing", "test_services_run_the_tasks_they_want", "test_cpu_is_not_saturated",
    "test_targets_are_healthy", "test_server_errors_are_rare", "test_ingress_is_no_wider_than_allowed",
    "test_tables_are_not_throttled",
)  # fmt: skip
"""Our checks that ask what Custodian's policies ask."""
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
    told = [
        Contestant("pytest checks/daily", [*ours, "-q", *without]),
        Contestant(f"the same, {len(SEVEN)} checks", [*ours, "-q", *without, "-k", " or ".join(SEVEN)]),
    ]
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
                    run_once(one, environment_of() if one in told[:2] else elsewhere)
                    one.calls, one.most_at_once = proxy.seen.calls, proxy.seen.most_at_once
                    if number == 0:
                        one.wall_s.clear()
                        one.cpu_s.clear()
    click.echo(f"{size}, {delay_ms:g} ms a call, median of {rounds}")
    click.echo(f"{'':28} {'wall':>7} {'CPU':>7} {'calls':>6} {'at once':>8}")
    for one in told:
        cpu_s = statistics.median(one.cpu_s)
        click.echo(f"{one.name:28} {one.median_s:6.2f}s {cpu_s:6.2f}s {one.calls.total():6} {one.most_at_once:8}")
    for ours in told[:2]:
        for one in told[2:]:
            cpu = statistics.median(ours.cpu_s) / statistics.median(one.cpu_s)
            fast = one.median_s / ours.median_s
            click.echo(f"{ours.name}, beside {one.name}: {fast:.1f} times as fast, {cpu:.2f} of its CPU")


if __name__ == "__main__":
    main()
