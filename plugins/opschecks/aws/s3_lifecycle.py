"""S3: lifecycle rules of the stack's buckets, which expire old versions, unfinished uploads and objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Resource
from ..core.observation import CouldNotLook, NotConfigured, NotThere, names_no, observation, seen
from ..core.wording import plural
from .cloudfront import Distribution
from .cloudfront import distribution as distribution_of
from .evidence import one_of, utc
from .inventory import Inventory
from .session import Aws
from .unread import Unread, each_alone

if TYPE_CHECKING:
    from ..config.stack import Stack

_CALL = "s3:GetLifecycleConfiguration"
_UNREADABLE = ("GLACIER", "DEEP_ARCHIVE")
"""Storage classes whose objects cannot be served before they are restored; GLACIER_IR is not one."""

UPLOADS, VERSIONS, OBJECTS = "incomplete uploads", "old versions", "objects"


@dataclass(frozen=True)
class Rule:
    """A lifecycle rule and its scope."""

    raw: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its optional ID."""
        return str(self.raw.get("ID") or "without a name")

    @property
    def is_on(self) -> bool:
        """Whether it is enabled."""
        return one_of(self.raw, "Status", ("Enabled", "Disabled")) == "Enabled"

    @property
    def _scope(self) -> Mapping[str, Any]:
        """The parts of its filter; legacy rules have a Prefix instead of a Filter."""
        if "Filter" not in self.raw:
            return {"Prefix": self.raw["Prefix"]}
        chosen: Mapping[str, Any] = self.raw["Filter"] or {}
        inner: Mapping[str, Any] = chosen.get("And", chosen)
        return inner

    @property
    def prefix(self) -> str:
        """The key prefix that it applies to; "" is every key."""
        return str(self._scope.get("Prefix") or "")

    @property
    def narrowed(self) -> bool:
        """Whether it applies only to certain tags or sizes."""
        return any(key != "Prefix" for key in self._scope)

    @property
    def is_whole(self) -> bool:
        """Whether it applies to the whole bucket."""
        return not self.prefix and not self.narrowed

    def days(self, what: str) -> int | None:
        """After how many days it expires these; None where it does not.

        An Expiration by date is not a number of days, and one of delete markers expires no object.
        """
        block, key = {
            UPLOADS: ("AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
            VERSIONS: ("NoncurrentVersionExpiration", "NoncurrentDays"),
            OBJECTS: ("Expiration", "Days"),
        }[what]
        if block not in self.raw:
            return None
        days = self.raw[block].get(key)
        if days is None and what != OBJECTS:
            raise CouldNotLook(_CALL, f"rule {self.name} has a {block} without {key}")
        return None if days is None else int(days)

    @property
    def newer_versions_kept(self) -> int:
        """Number of old versions that stay, whatever their age."""
        return int(self.raw.get("NoncurrentVersionExpiration", {}).get("NewerNoncurrentVersions") or 0)

    @property
    def harms(self) -> Iterator[str]:
        """How it harms objects in use: by deleting them, or by moving them to where they cannot be served from."""
        told = self.raw.get("Expiration", {})
        if told.get("Days") is not None:
            yield f"deletes after {plural(told['Days'], 'day')}"
        if told.get("Date") is not None:
            yield f"deletes from {_day(told)} on"
        for move in self.raw.get("Transitions", []):
            if move["StorageClass"] in _UNREADABLE:
                when = f"after {plural(move['Days'], 'day')}" if "Days" in move else f"from {_day(move)} on"
                yield f"moves to {move['StorageClass']} {when}"

    def __str__(self) -> str:
        where = f" under {self.prefix}" if self.prefix else ""
        chosen = " with certain tags or sizes" if self.narrowed else ""
        return f"rule {self.name}{where}{chosen}"


def _day(dated: Mapping[str, Any]) -> str:
    return f"{utc(dated['Date']):%Y-%m-%d}"


def kept_for(rules: Iterable[Rule], what: str) -> int | None:
    """After how many days at most the bucket expires these; None is never. Only rules for the whole bucket count."""
    told = (rule.days(what) for rule in rules if rule.is_on and rule.is_whole)
    return min((days for days in told if days is not None), default=None)


def lacking(rules: Iterable[Rule], wanted: Mapping[str, float]) -> list[str]:
    """What the bucket keeps longer than allowed."""
    known = list(rules)
    kept = {what: kept_for(known, what) for what in wanted}
    return [what for what, days in kept.items() if days is None or days > wanted[what]]


@dataclass(frozen=True, kw_only=True)
class Bucket(Resource):
    """A bucket with its lifecycle rules. `site`: the key prefix of the dashboards; None where it has none."""

    site: str | None = None

    @property
    def exists(self) -> bool:
        """Whether it exists."""
        return "Error" not in self.evidence

    @property
    def versioning(self) -> str:
        """Enabled, Suspended, or Off: S3 returns no status for a bucket that never had versions."""
        return str(self.evidence["Versioning"].get("Status") or "Off")

    @property
    def rules(self) -> list[Rule]:
        """Its lifecycle rules."""
        return [Rule(raw) for raw in self.evidence["Rules"]]

    def wanted(self, stack: Stack) -> dict[str, float]:
        """After how many days each kind should expire."""
        limits = stack.limits
        told: dict[str, float] = {UPLOADS: limits.incomplete_upload_days}
        if self.versioning != "Off":
            told[VERSIONS] = limits.old_version_days_max
        if self.name in stack.bucket_expire_days:
            told[OBJECTS] = stack.bucket_expire_days[self.name]
        return told

    def lacks(self, stack: Stack) -> list[str]:
        """What is kept longer than allowed, in words."""
        wanted = self.wanted(stack)
        return [
            f"{what} are kept {_how_long(kept_for(self.rules, what))}; "
            f"expected at most {wanted[what]:g} days{self._nearly(what)}"
            for what in lacking(self.rules, wanted)
        ]

    def _nearly(self, what: str) -> str:
        """Rules that would expire it, but are disabled or apply to a part only."""
        unfit = [rule for rule in self.rules if rule.days(what) is not None and not (rule.is_on and rule.is_whole)]
        told = [f"{one} applies to a part only" if one.is_on else f"{one} is {one.raw['Status']}" for one in unfit]
        return f" ({', '.join(told)})" if told else ""

    @property
    def old_versions_kept_days(self) -> int | None:
        """For how many days at least an overwritten object of the site is kept; None is forever.

        A rule that keeps a number of old versions whatever their age always leaves one to restore.
        """
        own = (rule for rule in self.rules if rule.is_on and self._on_site(rule) and not rule.newer_versions_kept)
        return min((days for rule in own if (days := rule.days(VERSIONS)) is not None), default=None)

    def _on_site(self, rule: Rule) -> bool:
        site = self.site or ""
        return rule.prefix.startswith(site) or site.startswith(rule.prefix)

    @property
    def harms_to_site(self) -> list[str]:
        """How rules harm the objects of the dashboards."""
        return [f"{rule} {harm}" for rule in self.rules if rule.is_on and self._on_site(rule) for harm in rule.harms]


def _how_long(days: int | None) -> str:
    return "forever" if days is None else f"for {plural(days, 'day')}"


@observation(allow=["s3:GetBucketVersioning", _CALL], soft=["distribution"], lasting=True)
def buckets(stack: Stack, aws: Aws, inventory: Inventory, distribution: Distribution | CouldNotLook) -> list[Bucket]:
    """The stack's buckets, including the one of the dashboards, with versioning and lifecycle rules."""
    site = site_of(stack, inventory, distribution)
    folders = {site[0]: site[1]} if site else {}
    return each_alone(
        lambda name: read_bucket(aws, name, folders.get(name)),
        names_of(stack, inventory, site),
        lambda name, why: Bucket(arn=name, name=name, site=folders.get(name), evidence=Unread(why)),
    )


def names_of(stack: Stack, inventory: Inventory, site: tuple[str, str] | None) -> list[str]:
    """Every bucket of the stack; CouldNotLook where there is none, with the key to set."""
    names = dict.fromkeys([*([site[0]] if site else []), *inventory.buckets, *stack.bucket_expire_days])
    if not names:
        raise names_no(stack.name, "buckets", "buckets")
    return list(names)


def site_of(stack: Stack, inventory: Inventory, distribution: Distribution | CouldNotLook) -> tuple[str, str] | None:
    """Bucket and prefix of the dashboards; None where the stack has no distribution."""
    if stack.dashboard_bucket:
        return stack.dashboard_bucket, ""
    if not inventory.distributions:
        return None
    try:
        return seen(distribution).origin
    except CouldNotLook as error:
        if error.call:
            raise
        hint = "set distribution_id or dashboard_bucket in stacks.toml"
        raise NotConfigured("", f"the bucket behind the dashboards is unknown: {error.reason}; {hint}") from None


def find_site(stack: Stack, aws: Aws, inventory: Inventory) -> tuple[str, str] | None:
    """As `site_of`, reading the distribution if needed."""
    wanted = inventory.distributions and not stack.dashboard_bucket
    return site_of(stack, inventory, distribution_of(aws, inventory) if wanted else CouldNotLook("", "none"))


def read_bucket(aws: Any, name: str, site: str | None) -> Bucket:
    """Versioning and lifecycle of one bucket. S3 returns an error with its own code where there is no lifecycle."""
    try:
        versioning = aws.call("s3", "GetBucketVersioning", Bucket=name)
        told = _lifecycle(aws, name)
    except NotThere as missing:
        return Bucket(arn=name, name=name, site=site, evidence=Answer({"Error": missing.reason}, missing.call))
    return Bucket(arn=name, name=name, site=site, evidence=told | {"Versioning": versioning})


def _lifecycle(aws: Any, name: str) -> Answer:
    try:
        told: Answer = aws.call("s3", "GetBucketLifecycleConfiguration", Bucket=name)
    except NotThere as none:
        if not none.reason.startswith("NoSuchLifecycleConfiguration"):
            raise
        return Answer({"Rules": []}, none.call)
    told["Rules"]  # every configuration has rules
    return told


@observation()
def site_bucket(stack: Stack, buckets: list[Bucket]) -> Bucket:
    """The bucket behind the dashboards."""
    if not (found := [bucket for bucket in buckets if bucket.site is not None]):
        raise names_no(stack.name, "dashboard bucket", "distribution_id or dashboard_bucket")
    return found[0]
