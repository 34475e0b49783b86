"""Where moto's SNS is not like AWS's: how many subscriptions of a topic are confirmed."""

from __future__ import annotations

from typing import Any

from moto.sns.responses import SNSResponse

from ..correction import Before, Kind, extends


@extends(SNSResponse, "get_topic_attributes", Kind.BUG, "sns/latest/api/")
def _with_counts(before: Before, self: Any) -> Any:
    """moto answers 0 confirmed and 0 pending subscriptions for every topic.

    AWS counts them. Here one by e-mail counts as confirmed unless its attribute PendingConfirmation says otherwise.
    """
    told = before(self)
    topic = self._get_param("TopicArn")
    pending = [
        str(one.attributes.get("PendingConfirmation")).lower() == "true"
        for one in self.backend.subscriptions.values()
        if one.topic_arn == topic
    ]
    told.result["Attributes"]["SubscriptionsPending"] = str(sum(pending))
    told.result["Attributes"]["SubscriptionsConfirmed"] = str(len(pending) - sum(pending))
    return told
