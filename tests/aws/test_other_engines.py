"""Instances of DocumentDB and Neptune, which RDS describes as its own: not proposed, and not judged."""

from __future__ import annotations

import pytest

from opschecks.aws.inventory import inventory
from opschecks.aws.survey import OTHER_LISTS
from opschecks.core.observation import NotApplicable
from tests.canned import NOW, Aws, stack
from tests.real.databases import checks, database

ANSWER = {
    "DBInstances": [
        database(DBInstanceIdentifier=f"a-{engine}", Engine=engine)
        for engine in ("postgres", "docdb", "neptune", "aurora-mysql")
    ]
}


def test_they_are_not_in_the_list_of_databases() -> None:
    found = OTHER_LISTS["databases"].names(Aws({("rds", "DescribeDBInstances"): ANSWER}))
    assert list(found) == ["a-postgres", "a-aurora-mysql"]


def test_checks_of_rds_do_not_apply_to_a_stack_that_has_no_others() -> None:
    here = stack(resources={"databases": ("a-docdb", "a-neptune")})
    aws = Aws({("rds", "DescribeDBInstances"): ANSWER}, here)
    with pytest.raises(NotApplicable, match="are of DocumentDB or Neptune"):
        checks.rds_databases(aws, inventory(here, aws), NOW)
