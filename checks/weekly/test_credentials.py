"""Credentials are young, used, one at a time, and protected by a second factor; root has none but its password."""

from datetime import datetime, timedelta

from opschecks import Examine, Severity, Stack, check, in_words, plural
from opschecks.aws.iam import Credentials, KeyHolder
from opschecks.remedies.operations.access_keys import RotateAccessKey

SLUG = "rotate-credentials"


@check(
    Severity.HIGH,
    runbook=SLUG,
    remedy=RotateAccessKey,
    failing="An access key is too old",
    may_be_empty=True,
)
def test_access_keys_are_rotated(key_holders: list[KeyHolder], stack: Stack, now: datetime, examine: Examine) -> None:
    """A key that never changes works for everybody who has ever seen it: in a log, on a laptop, in a repository."""
    limit = stack.limits.key_age_days
    for user in key_holders:
        with examine(user) as note:
            note(", ".join(f"{key} is {in_words(now - key.created)} old" for key in user.keys))
            assert not user.made_before(now - timedelta(days=limit)), f"limit {plural(limit, 'day')}"


@check(Severity.MEDIUM, runbook=SLUG, failing="An active access key is not used", may_be_empty=True)
def test_access_keys_are_used(key_holders: list[KeyHolder], stack: Stack, now: datetime, examine: Examine) -> None:
    """A key that nobody needs is a way in that nobody watches."""
    limit = stack.limits.key_unused_days
    for user in key_holders:
        with examine(user):
            idle = user.idle_before(now - timedelta(days=limit))
            said = [
                f"{key} " + (f"was last used {key.used:%Y-%m-%d}" if key.used else "was never used") for key in idle
            ]
            assert not idle, f"{', '.join(said)}; limit {plural(limit, 'day')}"


@check(
    Severity.MEDIUM,
    runbook=SLUG,
    remedy=RotateAccessKey,
    failing="A user has had two active access keys for too long",
    may_be_empty=True,
)
def test_users_have_one_active_key(key_holders: list[KeyHolder], stack: Stack, now: datetime, examine: Examine) -> None:
    """A rotation that was started and not finished leaves the old key working, and no slot for the next one."""
    limit = stack.limits.key_overlap_days
    for user in key_holders:
        with examine(user) as note:
            note(f"{len(user.keys)} active")
            if since := user.both_since:
                assert now - since <= timedelta(days=limit), f"since {since:%Y-%m-%d}; limit {plural(limit, 'day')}"


@check(Severity.CRITICAL, runbook=SLUG, failing="The root user has access keys, or no second factor")
def test_root_is_locked_away(credentials: list[Credentials], examine: Examine) -> None:
    """Root may do everything, and no policy limits it: whoever has it has the account."""
    for root in credentials:
        if root.is_root:
            with examine(root) as note:
                note(f"as of {root.as_of:%Y-%m-%d %H:%M} UTC")
                assert not root.active_keys, f"it has {plural(root.active_keys, 'active access key')}"
                assert root.has_mfa or not root.has_password, "it has no MFA"


@check(Severity.HIGH, runbook=SLUG, failing="A user signs in to the console without MFA", may_be_empty=True)
def test_console_users_have_mfa(credentials: list[Credentials], examine: Examine) -> None:
    """A password is guessed, reused or phished sooner or later; alone it must not be enough."""
    for user in credentials:
        if not user.is_root:
            with examine(user) as note:
                note(f"as of {user.as_of:%Y-%m-%d %H:%M} UTC")
                assert user.has_mfa or not user.has_password, "it has a password and no MFA"
