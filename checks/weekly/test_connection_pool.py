"""Tasks run with the number of workers, and accept the number of connections, that was decided."""

from opschecks import Examine, Severity, check
from opschecks.aws.task_definitions import PoolSettings


@check(Severity.LOW, runbook="connection-pool", failing="Worker count or concurrency limit is wrong")
def test_workers_and_concurrency_are_as_wanted(pool_settings: list[PoolSettings], examine: Examine) -> None:
    """Too few workers queue, too many exhaust memory and the database; without a limit one burst stops them all."""
    for running in pool_settings:
        with examine(running) as note:
            for setting in running.settings:
                if not (values := setting.values):
                    note(f"not applicable: {setting.name} is not set in {running.revision}, but in the code or nowhere")
                    continue
                note(f"{setting.name} is {', '.join(map(str, values))}")
                assert set(values) == {setting.wanted}, f"expected {setting.wanted}"
