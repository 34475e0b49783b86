"""Why some mutants of the recorded sample are left: of each, one reason."""

from __future__ import annotations

from dataclasses import dataclass

AWS, WEB = "plugins/opschecks/aws/", "plugins/opschecks/web/"


@dataclass(frozen=True)
class Reason:
    """Of the mutants of one function: those with this change, or all of it where none is named.

    `same`: they are the same program, by whatever a test could see. Of the others a test is still to be written, or
    what they change is not judged.
    """

    file: str
    within: str
    why: str
    change: str = ""
    same: bool = False

    def covers(self, file: str, within: str, change: str) -> bool:
        """Whether it is about this mutant."""
        return (self.file, self.within) == (file, within) and self.change in ("", change)


SAME = "It is the same program: who asks takes None for empty, or the number is never reached."
SINCE = "A test that was written after the sample kills it."
SPEED = "Only how long a start takes changes."
RUNS = "Only tests that start processes, or send changes, reach it; they were not run."
LACKS = "No answer of the tests lacks the list, which AWS may leave out."
TODO = "A test that tells it from the original is still to be written."

REASONS: tuple[Reason, ...] = (
    Reason(
        "checks/daily/test_auto_scaling.py",
        "test_services_are_not_at_max_capacity",
        SINCE,
        "without `(wants == scaling.max_capacity)`",
    ),
    Reason("checks/daily/test_sqs.py", "sqs_queues.read", SAME, "`1` → `2`", same=True),
    Reason("checks/weekly/test_cloudformation.py", "test_cloudformation_stacks_are_healthy", SINCE, "`<=` → `<`"),
    Reason(AWS + "alarm_history.py", "_error", SINCE, "without `(told.get('actionState') != 'Failed')`"),
    Reason(AWS + "alarm_history.py", "failed_actions", SINCE, "without `(not event.action)`"),
    Reason(AWS + "alarm_hygiene.py", "_heard", TODO, "without `(not one.alarm.unread)`"),
    Reason(AWS + "alarm_mutes.py", "_begins", SAME, "`7` → `8`", same=True),
    Reason(AWS + "alarm_receivers.py", "_deaf", SAME, "nothing is returned", same=True),
    Reason(AWS + "alarm_receivers.py", "_is_sent", SAME, "nothing is returned", same=True),
    Reason(AWS + "application_autoscaling.py", "ServiceScaling.never_scales", SAME, "nothing is returned", same=True),
    Reason(AWS + "backup_sets.py", "day_of", SINCE, "`days` → `hours`"),
    Reason(AWS + "clients.py", "Clients.failure", RUNS, "nothing is returned"),
    Reason(AWS + "cloudwatch_metrics.py", "_words", SAME, "`<` → `<=`", same=True),
    Reason(AWS + "configuration.py", "_usable", RUNS, "`os.environ.get('AWS_REGION')` → `True`"),
    Reason(AWS + "configuration.py", "_no_file", SINCE, "nothing is returned"),
    Reason(AWS + "configuration.py", "_named", SINCE, "nothing is returned"),
    Reason(AWS + "costs.py", "bill", TODO, "`False` → `True`"),
    Reason(AWS + "dynamodb_items.py", "digest_of", SINCE, "`16` → `17`"),
    Reason(AWS + "ecs.py", "Service.short_since", SINCE, "`or` → `and`"),
    Reason(AWS + "ecs.py", "Service.short_since", SINCE, "without `not`"),
    Reason(AWS + "ecs.py", "Task.death", LACKS, "without `([])`"),
    Reason(AWS + "ecs.py", "_service", SINCE, "`not since or _is_after(event, since)` → `True`"),
    Reason(AWS + "elbv2.py", "filled_by", LACKS, "without `([])`"),
    Reason(AWS + "endpoints.py", "diversion", TODO, "nothing is returned"),
    Reason(AWS + "gate_snapshot.py", "_unfilled", SINCE, "without `(healthy < max(1, len(stay)))`"),
    Reason(AWS + "gate_snapshot.py", "_unfilled", SINCE, "`<` → `<=`"),
    Reason(AWS + "gate_snapshot.py", "_errors_before", SINCE, "`max` → `min`"),
    Reason(AWS + "gate_snapshot.py", "_errors_before", SINCE, "`<=` → `<`"),
    Reason(AWS + "gate_snapshot.py", "_errors_before", SINCE, "`<` → `<=`"),
    Reason(AWS + "gate_snapshot.py", "_requests", TODO, "`isinstance(one, Traffic)` → `True`"),
    Reason(AWS + "image_scans.py", "_running", TODO, "`detail is None` → `False`"),
    Reason(AWS + "incident_reads.py", "Reading", SAME, "`0` → `1`", same=True),
    Reason(AWS + "inventory.py", "Inventory.the_distribution", TODO, "without `(not self.distributions)`"),
    Reason(AWS + "inventory.py", "_is_of", TODO, "without `(len(parts) == 6)`"),
    Reason(AWS + "judged_groups.py", "target_health", TODO, "`stack.target_groups` → `False`"),
    Reason(AWS + "log_writers.py", "log_writers", TODO, "`isinstance(services, NotConfigured)` → `False`"),
    Reason(AWS + "proxies.py", "reach_directly", SINCE, "`'*' in present` → `True`"),
    Reason(AWS + "releases.py", "_release", TODO, "`service.evidence.get('status') == 'MISSING'` → `False`"),
    Reason(AWS + "restores.py", "restore_rehearsal", SINCE, "`<=` → `<`"),
    Reason(AWS + "rollouts.py", "Rollout._moving", TODO, "`-` → `+`"),
    Reason(AWS + "service_deployments.py", "_is_of_today", SINCE, "without `(ended is None)`"),
    Reason(
        AWS + "service_models.py",
        "share_models",
        SPEED,
        "without `session.lazy_register_component('data_loader', loader)`",
    ),
    Reason(AWS + "serving_groups.py", "_groups_of", LACKS, "without `([])`"),
    Reason(AWS + "session.py", "Aws._bounded", SAME, "nothing is raised", same=True),
    Reason(AWS + "session.py", "Aws.send", RUNS, "nothing is raised"),
    Reason(AWS + "session.py", "identify", SINCE, "without `(account != wanted)`"),
    Reason(AWS + "sparse_metrics.py", "may_rest", SINCE, "without `(name in accepted)`"),
    Reason(AWS + "sparse_metrics.py", "may_rest", SINCE, "`'LessThanOrEqualToThreshold'` → another"),
    Reason(AWS + "survey.py", "Survey.is_empty", SINCE, "nothing is returned"),
    Reason(AWS + "survey.py", "survey.listed", RUNS, "what is caught is raised again"),
    Reason(AWS + "survey.py", "survey.listed", RUNS, "without `say(f'{what}: could not be seen')`"),
    Reason(AWS + "task_definitions.py", "_told", LACKS, "without `([])`"),
    Reason(AWS + "throttle_causes.py", "_limits", SINCE, "`300` → `301`"),
    Reason(AWS + "traffic.py", "Traffic.shared_5xx", SAME, "nothing is returned", same=True),
    Reason(AWS + "traffic.py", "_errors_beside", SINCE, "`max` → `min`"),
    Reason(AWS + "traffic.py", "_doubtful", TODO, "nothing is returned"),
    Reason(AWS + "trial.py", "Trial.partition", SINCE, "nothing is returned"),
    Reason(AWS + "unused.py", "_metrics", TODO, "`kind not in _TRAFFIC` → `False`"),
    Reason(AWS + "unused.py", "_dev", TODO, "without `problem`"),
    Reason(AWS + "websocket_groups.py", "_split", TODO, "`not why_unread(service)` → `True`"),
    Reason(WEB + "client/packing.py", "_gzip", SINCE, "`<` → `<=`"),
    Reason(WEB + "http.py", "Http._hop", RUNS, "`0` → `1`"),
    Reason(WEB + "pages.py", "Page.is_a_stand_in", SAME, "nothing is returned", same=True),
)
