"""How areas of checks are called in reports."""

from __future__ import annotations

AREAS = {
    "health": "Backend",
    "ecs": "ECS",
    "auto_scaling": "Auto Scaling",
    "alb": "Load balancer",
    "websocket": "WebSocket",
    "dynamodb": "DynamoDB",
    "sqs": "SQS",
    "rds": "RDS",
    "dashboards": "Dashboards",
    "logs": "Logs",
    "alarms": "Alarms",
    "incidents": "Incidents",
    "incident_weeks": "Incidents",
    "incident_archive": "Incident archive",
    "security_groups": "Security groups",
    "backups": "Backups",
    "costs": "Costs",
    "credentials": "Credentials",
    "alarm_hygiene": "Alarm configuration",
    "cdn": "CDN",
    "cloudformation": "CloudFormation",
    "lambda": "Lambda",
    "aws_health": "AWS Health",
}
"""How an area (the file `test_<area>.py`) is called and where it stands; others follow by name."""


def area_name(area: str) -> str:
    """The name of an area in words."""
    return AREAS.get(area, area.replace("_", " ").capitalize())
