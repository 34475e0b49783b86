"""stacks.toml written from what Terraform and CDK put out, end to end: the verdicts are those of names."""

from __future__ import annotations

from pathlib import Path

import pytest

from opschecks.sandbox.environment import CREDENTIALS
from opschecks.sandbox.faults import give_fault
from tests.bench import bench
from tests.scratch import Project

ACCOUNT = "us-west-2:123456789012"


@pytest.mark.parametrize("names_as", ["names", "ARNs"])
def test_throttled_requests_are_seen_whether_names_or_arns_are_listed(tmp_path: Path, names_as: str) -> None:
    """A metric's dimension takes names: with an ARN there CloudWatch has no data, as if nothing was throttled."""
    own = {"cluster": "incident-commander", "services": "backend", "tables": "incident-commander-incidents"}
    if names_as == "ARNs":
        own = {
            "cluster": f"arn:aws:ecs:{ACCOUNT}:cluster/incident-commander",
            "services": f"arn:aws:ecs:{ACCOUNT}:service/incident-commander/backend",
            "tables": f"arn:aws:dynamodb:{ACCOUNT}:table/incident-commander-incidents",
        }
    with bench(tmp_path / "sandbox") as on:
        give_fault(on.sandbox, "table_is_throttled")
        project = Project.of_the_checks(
            tmp_path / "live",
            f'default = "live"\n[stacks.live]\nregion = "us-west-2"\naccount_id = "123456789012"\n'
            f'endpoint_url = "{on.sandbox.facts["endpoint_url"]}"\ncluster = "{own["cluster"]}"\n'
            f'services = ["{own["services"]}"]\ntables = ["{own["tables"]}"]\n',
        )
        environment = {key.upper(): value for key, value in CREDENTIALS.items()}
        project.run("checks/daily", "-k", "throttled or cpu or active", **environment)
        assert project.outcomes("daily-partial.json")["test_tables_are_not_throttled"] == "failed"
        assert project.outcomes("daily-partial.json")["test_cpu_leaves_headroom"] == "passed"
        assert project.outcomes("daily-partial.json")["test_tables_are_active"] == "passed"
