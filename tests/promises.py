"""What opschecks promises, and the tests that attack each promise: a table, which docs/reliability.md shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """What opschecks promises, and the tests that try to break it: a file, or one function of it."""

    says: str
    tests: tuple[str, ...]


PROMISES: tuple[Promise, ...] = (
    Promise(
        "**Never a false pass.** Only an assertion fails a check. Whatever else goes wrong on the way to a verdict – "
        "an error, a key that is missing, an empty answer, a list cut short – makes it blind: could not check. A check "
        "that examined nothing is blind, too, unless it says that nothing may be there, and every check that was "
        "collected is in the report.",
        (
            "tests/test_matrix.py",
            "tests/test_properties.py",
            "tests/test_recordings.py",
            "tests/aws/test_forms.py",
            "tests/aws/test_every_observation.py",
            "tests/aws/test_missing_parts.py",
            "tests/aws/test_unread_parts.py",
            "tests/aws/test_cloudfront.py::test_a_list_has_as_many_items_as_it_says",
            "tests/aws/test_backup_sets.py",
            "tests/aws/test_scan_properties.py",
            "tests/aws/test_answer_bodies.py",
            "tests/checks/test_false_pass.py",
            "tests/hooks/test_outcomes.py",
            "tests/hooks/test_ending_early.py",
            "tests/hooks/test_memory.py",
            "tests/hooks/test_clock_skew.py",
            "tests/hooks/test_foreign_fixtures.py",
        ),
    ),
    Promise(
        "**Every check bites, and stays quiet.** Each fault fails exactly the checks that it names, each check is "
        "failed by one, and healthy but unusual stacks raise no alarm.",
        (
            "tests/checks/test_bite.py",
            "tests/checks/test_production.py",
            "tests/checks/test_ministack.py",
            "tests/checks/test_ministack_suites.py",
            "tests/real/test_rows.py",
        ),
    ),
    Promise(
        "**The exit code tells the truth**: 0 all known and good, 1 something failed, 10 nothing failed and something "
        "is blind or was not run. A deploy gate passes on 0 alone.",
        (
            "tests/hooks/test_exit_code.py",
            "tests/hooks/test_gate.py",
            "tests/checks/test_false_pass.py::test_a_narrowed_gate_does_not_open",
        ),
    ),
    Promise(
        "**The sandbox is not mistaken for production.** Verdict, title and run file say SANDBOX, and what can hurt "
        "wants its stack named.",
        (
            "tests/checks/test_false_pass.py::test_a_sandbox_does_not_pass_for_production",
            "tests/config/test_bad_input.py::test_what_can_hurt_wants_its_stack_named",
            "tests/report/exports/test_every_export.py::test_every_export_says_sandbox",
            "tests/config/test_bad_input.py::test_another_account_than_the_stacks",
        ),
    ),
    Promise(
        "**Looking changes nothing.** Observations call only what they declare, and that only reads.",
        (
            "tests/aws/test_every_observation.py::test_observations_call_what_they_say_they_call",
            "tests/test_matrix.py::test_what_was_asked_was_declared_and_only_reads",
            "tests/checks/test_calls.py",
        ),
    ),
    Promise(
        "**Changing is careful.** Off unless asked; exactly what the plan lists; safe changes only, unless more is "
        "allowed; one fixer at a time; written down before it is sent, and sent at most once; verified, and rolled "
        "back where it did not help.",
        (
            "tests/fixing/test_kill_matrix.py",
            "tests/fixing/test_loop.py",
            "tests/fixing/test_settling.py",
            "tests/fixing/test_guards.py",
            "tests/fixing/test_plan.py",
            "tests/fixing/test_fix.py",
            "tests/fixing/test_refused_fixes.py",
            "tests/fixing/test_session.py",
            "tests/history/test_journal.py",
        ),
    ),
    Promise(
        "**Nothing leaks.** Secrets appear in no output, and no string of AWS becomes markup, a command or a control "
        "character.",
        (
            "tests/core/test_redaction.py",
            "tests/recording/test_scrubbing.py",
            "tests/report/test_hostile_strings.py",
            "tests/report/exports/test_every_export.py",
            "tests/checks/test_runbook.py",
        ),
    ),
    Promise(
        "**Probes are bounded** in time, in what they read, and in where a redirect may lead them.",
        ("tests/web/test_bounds.py", "tests/web/test_redirects.py", "tests/web/test_client_parts.py"),
    ),
    Promise(
        "**Nothing is lost.** Files are written whole, two runs at once keep both, a full disk is a clear error, and "
        "one damaged file costs itself alone.",
        (
            "tests/history/test_runs.py",
            "tests/history/test_storage.py",
            "tests/history/test_summaries.py",
            "tests/history/test_full_disk.py",
            "tests/hooks/test_ending_early.py::test_a_disk_that_is_full_at_the_end_leaves_no_page_of_yesterday",
            "tests/history/test_earlier_runs.py::test_processes_that_file_and_read_at_once_lose_nothing",
        ),
    ),
)

KILLS = "tests/fixing/test_kill_matrix.py"
SIGNALS = (
    "tests/fixing/test_fix.py::test_killed_anywhere_it_is_sent_at_most_once_and_never_forgotten",
    "tests/hooks/test_ending_early.py::test_killed",
    "tests/hooks/test_ending_early.py::test_killed_worker",
)
CANARIES = (
    "tests/core/test_redaction.py::test_a_secret_is_masked",
    "tests/hooks/test_secrets.py::test_a_secret_reaches_no_output",
    "tests/recording/test_scrubbing.py::test_no_canary_is_found",
)
