"""Tasks run with as many workers, and take as many connections, as was decided."""

from opschecks import Examine, Severity, check
from opschecks.aws.task_definitions import PoolSettings


@check(Severity.LOW, runbook="connection-pool", failing="Workers or concurrency limit are not as wanted")
def test_workers_and_concurrency_are_as_wanted(pool_settings: list[PoolSettings], examine: Examine) -> None:
    """Too few workers queue, too many exhaust memory and the database; without a limit one burst takes all down."""
    for running in pool_settings:
        with examine(running) as note:
            for setting in running.settings:
                values = setting.values
                if not values:
                    note(f"not applicable: {setting.name} is not set in {running.revision}, but in the code or nowhere")
                    continue
                note(f"{setting.name} is {', '.join(map(str, values))}")
                assert set(values) == {setting.wanted}, f"wanted {setting.wanted}"
