"""DynamoDB tables, and the incidents in them, as real accounts have them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from opschecks.aws.dynamodb import Table, tables
from opschecks.aws.incident_reads import active_incidents, overnight_incidents, overnight_reading
from opschecks.aws.incident_weeks import incident_weeks, opened_incidents, week_incidents
from opschecks.aws.indexes import indexes
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, daily, given, names, stack, weekly
from tests.real.one_of_many import denied
from tests.real.rows import Row, rows_by

API = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/"
ACTIVE, BILLS = daily("dynamodb").test_tables_are_active, daily("dynamodb").test_tables_bill_as_wanted
HERE = stack(incidents_table="incidents", tables=("incidents",))
GB = 10**9
WANTED = [
    {"AttributeName": "status", "KeyType": "HASH"},
    {"AttributeName": "created_at", "KeyType": "RANGE"},
]


def table(**changes: Any) -> Raw:
    """DescribeTable's Table, on demand and ACTIVE; a change to None takes a key away."""
    raw = {
        "TableName": "incidents",
        "TableArn": f"arn:aws:dynamodb:{ACCOUNT}:table/incidents",
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "incident_id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("incident_id", "status")],
        "TableSizeBytes": 40_000,
        "ItemCount": 41,
        "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    }
    return given(raw, changes)


def by_status(**changes: Any) -> Raw:
    """The index of the runbook: by status, sorted by time, with every attribute."""
    raw = {
        "IndexName": "status-index",
        "IndexStatus": "ACTIVE",
        "KeySchema": WANTED,
        "Projection": {"ProjectionType": "ALL"},
        "ItemCount": 3_400_000,
    }
    return given(raw, changes)


def seen(*known: Raw | CouldNotLook) -> list[Table]:
    """The stack's tables, where DescribeTable answers these, in the order of their names."""
    answers = {f"table-{number}" if number else "incidents": one for number, one in enumerate(known)}

    def answer(TableName: str) -> Any:  # noqa: N803 - AWS's name
        told = answers[TableName]
        return told if isinstance(told, CouldNotLook) else {"Table": told}

    return tables(Aws({("dynamodb", "DescribeTable"): answer}), names(tables=tuple(answers)))


def item(status: str = "resolved", hours: float = 3, **more: str) -> Raw:
    """An incident, as Query and Scan answer it."""
    told = {"incident_id": f"i-{hours}", "status": status, "severity": "low", "title": "Slow", **more}
    opened = f"{ago(hours=hours).astimezone(NOW.tzinfo):%Y-%m-%dT%H:%M:%SZ}"
    return {key: {"S": value} for key, value in {"created_at": opened, **told}.items()}


def found(of: Raw, *items: Raw) -> Mapping[str, Any]:
    """What the check of the night's incidents is given, where a table so described has these items."""

    def queried(**asked: Any) -> Raw:
        wanted = asked["ExpressionAttributeValues"].get(":value") or asked["ExpressionAttributeValues"][":active"]
        return {"Items": [one for one in items if one.get("status") == wanted], "Count": len(items)}

    aws = Aws({("dynamodb", "Scan"): {"Items": list(items)}, ("dynamodb", "Query"): queried}, HERE)
    reading = overnight_reading(HERE, aws, seen(of), NOW)
    return {
        "overnight_reading": reading,
        "overnight_incidents": overnight_incidents(reading),
        "active_incidents": active_incidents(HERE, aws),
        "stack": HERE,
    }


def of_weeks(of: Raw, *items: Raw) -> Mapping[str, Any]:
    """What the check of recurring incidents is given."""
    answer = {"Items": list(items), "ConsumedCapacity": {"CapacityUnits": 1.0}}
    aws = Aws({("dynamodb", "Scan"): answer, ("dynamodb", "Query"): lambda **_: answer}, HERE)
    opened = opened_incidents(HERE, aws, seen(of), NOW)
    return {"incident_weeks": incident_weeks(HERE, opened), "week_incidents": week_incidents(opened), "stack": HERE}


LARGE = table(TableSizeBytes=2 * GB, ItemCount=3_400_000, GlobalSecondaryIndexes=[by_status()])
DENIED = denied("dynamodb:DescribeTable")


def replicated(*statuses: str) -> Mapping[str, Any]:
    """A global table, with replicas of these states."""
    replicas = [{"RegionName": f"eu-west-{n}", "ReplicaStatus": status} for n, status in enumerate(statuses, 1)]
    return {"tables": seen(table(Replicas=replicas, GlobalTableVersion="2019.11.21"))}


WANTED_INDEXES = [{"name": "status-index", "table": name, "hash_key": "status"} for name in ("incidents", "table-1")]
OWN_INDEX = table(GlobalSecondaryIndexes=[by_status()])
REPLICA = API + "API_ReplicaDescription.html"
TABLE = API + "API_TableDescription.html"
QUERY = API + "API_Query.html"
DESCRIBED = API + "API_DescribeTable.html"
active = partial(rows_by(seen, "tables"), ACTIVE)
replicas = partial(rows_by(replicated), ACTIVE)
night = partial(rows_by(found), daily("incidents").test_incidents_can_be_found_by_status)
week = partial(rows_by(of_weeks), weekly("incident_weeks").test_no_incident_keeps_coming_back)
ROWS = {
    "a global table with two replicas": replicas("passed", REPLICA, "ACTIVE", "ACTIVE"),
    "a replica that is being added": replicas("passed", REPLICA, "ACTIVE", "CREATING"),
    **{
        f"a replica that is {status}": replicas(
            "failed", REPLICA, "ACTIVE", status, says=f"the replica in eu-west-2 is {status}"
        )
        for status in ("REGION_DISABLED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS", "CREATION_FAILED")
    },
    "an answer without what no verdict needs": active(
        "passed", TABLE, table(TableArn=None, ItemCount=None, TableSizeBytes=None, KeySchema=None)
    ),
    "one table of three may not be described": active(
        {"incidents": "passed", "table-1": "blind", "table-2": "passed"},
        DESCRIBED,
        table(),
        DENIED,
        table(TableName="table-2"),
        says="allow dynamodb:DescribeTable",
    ),
    "the index of a table that may not be described": Row(
        weekly("indexes").test_wanted_indexes_can_be_searched,
        lambda: {"indexes": indexes(stack(wanted_indexes=WANTED_INDEXES), seen(OWN_INDEX, DENIED))},
        {"incidents/status-index": "passed", "table-1/status-index": "blind"},
        DESCRIBED,
    ),
    "provisioned for ever, without a billing summary": Row(
        BILLS,
        lambda: {
            "tables": seen(table(BillingModeSummary=None)),
            "stack": stack(limits={"billing_mode": "PROVISIONED"}),
        },
        "passed",
        TABLE,
    ),
    "a small table with a resolved incident": night("passed", API + "API_Scan.html", table(), item()),
    "a table of 2 GB whose every item is indexed": night(
        {"i-3": "passed", "incidents": "passed"},
        QUERY,
        LARGE,
        item("active"),
        says="searched through status-index (active, resolved), not read whole",
    ),
    "a table of 2 GB on a quiet night": night({"incidents": "passed"}, QUERY, LARGE),
    "a table of 2 GB of which many items are in no index": night(
        {"i-3": "passed", "incidents": "blind"},
        API + "API_GlobalSecondaryIndexDescription.html",
        {**LARGE, "GlobalSecondaryIndexes": [by_status(ItemCount=3_000_000)]},
        item(),
        says="about 400,000 items are in no index by AWS's count, and were not read",
    ),
    "counts that differ by what was written since AWS counted": night(
        {"i-3": "passed", "incidents": "passed"},
        TABLE,
        {**LARGE, "GlobalSecondaryIndexes": [by_status(ItemCount=3_399_950)]},
        item(),
    ),
    "the same incident again and again, in a table of 2 GB": week(
        "failed", QUERY, LARGE, *(item(hours=hours) for hours in (3, 30, 50, 70)), says="“Slow” 4 times within the week"
    ),
    "a quiet week, in a table of 2 GB": week("passed", QUERY, LARGE, item()),
}
