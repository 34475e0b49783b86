"""Keys of a role: what AWS would refuse is refused where it is written, and each goes with role_arn."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from opschecks.config.fitting import OF_A_ROLE
from opschecks.config.load import StackError, load_stacks
from opschecks.recording import about

ROLE = 'role_arn = "arn:aws:iam::210987654321:role/opschecks"\n'
WRONG = {
    'external_id = "abc-123"\n': "external_id goes with role_arn; a profile has its own in the AWS configuration",
    'mfa_serial = "arn:aws:iam::123456789012:mfa/somebody"\n': "mfa_serial goes with role_arn",
    'duration = "4h"\n': "duration goes with role_arn",
    'sandbox = true\nrole_session_name = "me"\n': "role_session_name goes with role_arn",
    f'{ROLE}duration = "10m"\n': "duration: expected 30m to 12h, and no more than the role's own maximum, not '10m'",
    f'{ROLE}duration = "1d"\n': "expected 30m to 12h",
    f'{ROLE}duration = "4"\n': "'4': expected 90m, 2h or 1d",
    f"{ROLE}duration = 3600\n": "expected 30m to 12h, and no more than the role's own maximum, not 3600",
    f'{ROLE}external_id = "a b"\n': "external_id: expected letters, digits or any of",
    f'{ROLE}role_session_name = "a/b"\n': "role_session_name: expected 2 to 64 letters, digits or",
    "session_policy = '{\"Statement\": []}'\n": "session_policy goes with role_arn",
    f"{ROLE}session_policy = 'daily.json'\n": "session_policy: not JSON",
    f"{ROLE}session_policy = '[]'\n": "session_policy: expected a policy, as `opschecks policy --session` prints it",
    f'{ROLE}session_policy = \'{{"Statement": "{"x" * 2048}"}}\'\n': "are more than the 2,048 that AWS takes",
    f'{ROLE}mfa_serial = "123"\n': "mfa_serial: expected at least 9 letters, not '123'",
}


def written(folder: Path, keys: str) -> Path:
    path = folder / "stacks.toml"
    path.write_text(f"[stacks.here]\n{keys}", encoding="utf-8")
    return path


@pytest.mark.parametrize(("keys", "message"), WRONG.items(), ids=range(len(WRONG)))
def test_what_does_not_fit_is_refused(keys: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(StackError) as refused:
        load_stacks(written(tmp_path, keys))
    assert message in str(refused.value)


@pytest.mark.parametrize(("written_as", "length"), [("30m", 30), ("90m", 90), ("1h", 60), ("12h", 720)])
def test_a_duration_is_written_as_elsewhere(written_as: str, length: int, tmp_path: Path) -> None:
    read = load_stacks(written(tmp_path, f'{ROLE}duration = "{written_as}"\n')).stacks["here"]
    assert read.duration == timedelta(minutes=length)


def test_a_device_may_be_a_number_as_of_a_hardware_token(tmp_path: Path) -> None:
    read = load_stacks(written(tmp_path, f'{ROLE}mfa_serial = "GAHT12345678"\n')).stacks["here"]
    assert read.mfa_serial == "GAHT12345678"


def test_a_session_policy_is_kept_in_as_few_characters_as_it_takes(tmp_path: Path) -> None:
    written_out = '{ "Version": "2012-10-17",  "Statement": [ ] }'
    read = load_stacks(written(tmp_path, f"{ROLE}session_policy = '{written_out}'\n")).stacks["here"]
    assert read.session_policy == '{"Version":"2012-10-17","Statement":[]}'


def test_no_recording_keeps_how_a_role_is_assumed() -> None:
    assert {*OF_A_ROLE, "role_arn"} <= about._OF_ACCESS
