"""A machine's AWS configuration for one test: variables and files, and nothing of the machine that the test runs on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

STATIC = """\
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY
"""
BASE = f"[profile base]\n{STATIC}"
SECOND_FACTOR = f"""\
{BASE}[profile on-call]
role_arn = arn:aws:iam::210987654321:role/oncall
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/somebody
"""
SSO = """\
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-central-1
[profile on-call]
sso_session = corp
sso_account_id = 210987654321
sso_role_name = ReadOnly
"""


@contextlib.contextmanager
def machine(folder: Path, config: str = "", **variables: str) -> Iterator[None]:
    """The process has no other AWS or proxy variables than these, and `~` is the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config").write_text(config, encoding="utf-8")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "OPSCHECKS_")) and "proxy" not in name.lower()
    }
    given = {
        "HOME": str(folder),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        **variables,
    }
    with mock.patch.dict(os.environ, {**kept, **given}, clear=True):
        yield
