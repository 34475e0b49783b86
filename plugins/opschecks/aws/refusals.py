"""What an error answer of AWS means, and who can lift a refusal: its message names the action and the policy."""

from __future__ import annotations

import re
from typing import Any

from ..core.observation import CouldNotLook, NotThere
from .clock_skew import why_refused

_DENIED = frozenset((
    "403", "AccessDenied", "AccessDeniedException", "AuthorizationError", "Forbidden", "KMSAccessDeniedException",
    "KmsAccessDenied", "NotAuthorized", "UnauthorizedOperation", "UnauthorizedException",
))  # fmt: skip
_BAD_CREDENTIALS = frozenset((
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException",
    "AuthFailure", "SignatureDoesNotMatch", "InvalidAccessKeyId", "IncompleteSignature", "InvalidSignatureException",
))  # fmt: skip
THROTTLED = frozenset((
    "BandwidthLimitExceeded", "EC2ThrottledException", "PriorRequestNotComplete", "RequestLimitExceeded",
    "ProvisionedThroughputExceededException", "RequestThrottled", "RequestThrottledException", "SlowDown",
    "ThrottledException", "Throttling", "ThrottlingException", "TooManyRequestsException",
))  # fmt: skip
"""As botocore's standard retry mode knows them; LimitExceededException is of quotas, too:
https://docs.aws.amazon.com/boto3/latest/guide/retries.html#standard-retry-mode"""
_UNKNOWN_KEY = frozenset(("AuthFailure", "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"))
_NOT_FOUND = (
    "NoSuchBucket", "NoSuchEntity", "NoSuchLifecycleConfiguration", "NoSuchPublicAccessBlockConfiguration",
    "NoSuchResourceException",
    "NotFound", "NotFoundException", "NotFoundFault", "NotFoundError",
)  # fmt: skip
"""Ends of error codes."""
_NAMED_ACTION = re.compile(r"not authorized to perform:? *[\"']?([a-z0-9-]+:[A-Za-z0-9*]+)")
_EXPLICIT = re.compile(r"explicit deny in (?:an? |the )?([\w -]+? policy|permissions boundary)", re.IGNORECASE)
_IMPLICIT = re.compile(r"because no ([\w -]+? policy|permissions boundary) allows", re.IGNORECASE)
_ENCODED = re.compile(r"\s*Encoded authorization failure message: \S+")
_OF_THE_ORGANIZATION = ("service control policy", "resource control policy")
_PLACES = {
    "permissions boundary": "the permissions boundary of this identity",
    "resource-based policy": "the resource's own policy",
    "role trust policy": "the role's trust policy",
    "session policy": "the session policy with which the role was assumed",
    "vpc endpoint policy": "the policy of the VPC endpoint",
}
_ENABLED_BY_DEFAULT = re.compile(
    r"(us-(east|west)-[12]|ap-south-1|ap-northeast-[123]|ap-southeast-[12]|ca-central-1|eu-central-1|eu-west-[123]"
    r"|eu-north-1|sa-east-1|(us-gov|cn|us-iso\w?|eu-isoe)-.*)"
)


def explained(call: str, error: Any, *, region: str = "", log_in: str = "log in again") -> CouldNotLook:
    """A ClientError of botocore as what could not be looked at, with what is to be done about it.

    A denial names the action that AWS's message names, which may be another service's (`kms:Decrypt`), and the kind of
    policy that refuses. Where that is the organization's, no policy of the account can help, and none is advised.
    `log_in` says how credentials of this kind are renewed. The forms of the messages:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    told = error.response.get("Error", {})
    code, text = str(told.get("Code", "")), _ENCODED.sub("", str(told.get("Message", "")).strip())
    reason = f"{code}: {text}" if text else code
    if clock := why_refused(code, text, error.response.get("ResponseMetadata", {})):
        return CouldNotLook(call, f"{reason} – {clock}")
    if code in _BAD_CREDENTIALS:
        return CouldNotLook(call, f"{reason} – the credentials are expired or wrong{_disabled(code, region)}: {log_in}")
    named = _NAMED_ACTION.search(text)
    if code.endswith(_NOT_FOUND) and not named:
        return NotThere(call, reason)
    if code not in _DENIED and not named:
        return CouldNotLook(call, f"{reason}{_again(code, error)}")
    without_name = "kms:Decrypt" if re.search(r"\bkms\b", text, re.IGNORECASE) else call
    action = named[1] if named else without_name
    advice = _other_than_identity(action, text)
    return CouldNotLook(call, f"{reason} – {advice}") if advice else CouldNotLook(call, reason, action=action)


def _again(code: str, error: Any) -> str:
    """That what AWS did not answer now it may answer later; "" where it did answer."""
    if code in THROTTLED:
        return " – AWS limits how often the account may ask this: run it again later"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return " – AWS itself failed: run it again later" if status >= 500 else ""


def _other_than_identity(action: str, text: str) -> str:
    """What to do where allowing the action to the identity is not it; "" where it is."""
    explicit, implicit = _EXPLICIT.search(text), _IMPLICIT.search(text)
    found = explicit or implicit
    policy = found[1].lower() if found else ""
    if policy in _OF_THE_ORGANIZATION:
        told = f"a {policy} denies it: no policy of this account can allow {action}"
        return f"{told}; ask who administers the organization"
    if explicit:
        return f"remove the explicit deny of {action} from {_PLACES.get(policy, f'the {policy}')}"
    return f"allow {action} in {_PLACES[policy]}" if policy in _PLACES else ""


def _disabled(code: str, region: str) -> str:
    """Regions introduced since 2019 know no key of an account that has not enabled them.

    https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
    """
    if code not in _UNKNOWN_KEY or not region or _ENABLED_BY_DEFAULT.fullmatch(region):
        return ""
    return f", or the account has not enabled {region}, an opt-in region"
