"""Root, users and their access keys, as real accounts have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opschecks.aws.iam import credentials
from tests.aws import test_iam as iam
from tests.canned import Aws, ago, stack
from tests.real.rows import Row
from tests.real.upkeep import DOCS

REPORT = DOCS + "IAM/latest/UserGuide/id_credentials_getting-report.html"


def of_root(**changes: str) -> Mapping[str, Any]:
    """The credential report of an account, of which root's row is this."""
    answers = {
        ("iam", "GenerateCredentialReport"): iam.COMPLETE,
        ("iam", "GetCredentialReport"): iam.content(iam.root(**changes)),
    }
    return {"credentials": credentials(stack(), Aws(answers))}


ROWS = {
    "root of a member account, which has no password": Row(
        iam.checks.test_root_is_locked_away,
        lambda: of_root(mfa_active="false", password_enabled="false"),
        "passed",
        DOCS + "IAM/latest/UserGuide/id_root-user.html",
    ),
    "root with a key, from the first days of the account": Row(
        iam.checks.test_root_is_locked_away,
        lambda: of_root(access_key_1_active="true"),
        "failed",
        REPORT,
        "it has 1 active access key",
    ),
    "two active keys in the week of a rotation": Row(
        iam.checks.test_users_have_one_active_key,
        lambda: {"key_holders": iam.holders(iam.key(ago(days=80)), iam.key(ago(days=2), key_id=iam.OTHER))},
        "passed",
        DOCS + "IAM/latest/UserGuide/id_credentials_access-keys.html",
    ),
    "a key that was made today and not used yet": Row(
        iam.checks.test_access_keys_are_used,
        lambda: {"key_holders": iam.holders(iam.key(ago(hours=3)), last=iam.used(None))},
        "passed",
        DOCS + "IAM/latest/APIReference/API_AccessKeyLastUsed.html",
    ),
    "an old key that is inactive": Row(
        iam.checks.test_access_keys_are_rotated,
        lambda: {"key_holders": iam.holders(iam.key(ago(days=400), "Inactive"))},
        "nothing",
        DOCS + "IAM/latest/APIReference/API_AccessKeyMetadata.html",
    ),
}
