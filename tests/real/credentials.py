"""Root, users and their access keys, as real accounts have them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from opschecks.aws.iam import credentials
from tests.aws import test_iam as iam
from tests.canned import Aws, ago, stack
from tests.real.rows import rows_by
from tests.real.upkeep import DOCS

REPORT = DOCS + "IAM/latest/UserGuide/id_credentials_getting-report.html"


def of_root(**changes: str) -> Mapping[str, Any]:
    """The credential report of an account, of which root's row is this."""
    answers = {
        ("iam", "GenerateCredentialReport"): iam.COMPLETE,
        ("iam", "GetCredentialReport"): iam.content(iam.root(**changes)),
    }
    return {"credentials": credentials(stack(), Aws(answers))}


keys = rows_by(iam.holders, "key_holders")
root = partial(rows_by(of_root), iam.checks.test_root_is_locked_away)
ROWS = {
    "root of a member account, which has no password": root(
        "passed", DOCS + "IAM/latest/UserGuide/id_root-user.html", mfa_active="false", password_enabled="false"
    ),
    "root with a key, from the first days of the account": root(
        "failed", REPORT, says="it has 1 active access key", access_key_1_active="true"
    ),
    "two active keys in the week of a rotation": keys(
        iam.checks.test_users_have_one_active_key,
        "passed",
        DOCS + "IAM/latest/UserGuide/id_credentials_access-keys.html",
        iam.key(ago(days=80)),
        iam.key(ago(days=2), key_id=iam.OTHER),
    ),
    "a key that was made today and not used yet": keys(
        iam.checks.test_access_keys_are_used,
        "passed",
        DOCS + "IAM/latest/APIReference/API_AccessKeyLastUsed.html",
        iam.key(ago(hours=3)),
        last=iam.used(None),
    ),
    "an old key that is inactive": keys(
        iam.checks.test_access_keys_are_rotated,
        "nothing",
        DOCS + "IAM/latest/APIReference/API_AccessKeyMetadata.html",
        iam.key(ago(days=400), "Inactive"),
    ),
}
