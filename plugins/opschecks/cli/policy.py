"""opschecks policy: the least-privilege IAM policy for what is selected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from ..aws.configuration import isolated_session
from ..aws.permissions import WIDE
from ..aws.places import Places
from ..config.stack import Stack
from ..config.toml_tables import SESSION_POLICY_AT_MOST
from ..core.observation import REGISTRY, closure
from ..core.shipped import checks_of, roots_of
from ..core.suites import own_suites
from ..drills import all_drills
from ..remedies import all_remedies
from .check_files import sources_of
from .options import STACKS, THE_STACK, require_known
from .policy_session import packed
from .policy_statements import FORMS, Statement, compact, statements
from .reach_stack import stack_named

SUITES = ("daily", "weekly", "deploy/before", "deploy/after", "drills")
STATE = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket")
"""What history, journal and lock in S3 need (history/storage.py); a conditional write is allowed as any other."""
MANAGED_AT_MOST, INLINE_AT_MOST = 6_144, 10_240
"""Characters without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html."""


class Need(NamedTuple):
    """An observation, remedy or other part, what it is called to people, and the IAM actions that it needs."""

    name: str
    shown: str
    actions: tuple[str, ...]


@click.command()
@click.argument("suites", nargs=-1, metavar="[SUITE]…")
@click.option("--fix", "remedies", multiple=True, metavar="REMEDY", help="a remedy that may be applied; repeatable")
@click.option(
    "--state/--no-state", default=True, help="whether to allow state = 's3://…', which every run reads and writes"
)
@click.option("--kms", "keys", multiple=True, metavar="ARN", help="a KMS key that encrypts tables, secrets or buckets")
@THE_STACK
@click.option("--format", "form", type=click.Choice([*FORMS]), default="json", show_default=True, help="of the policy")
@click.option("--session", is_flag=True, help="a session policy: small enough to narrow role_arn to it")
@STACKS
def policy(
    suites: tuple[str, ...],
    remedies: tuple[str, ...],
    state: bool,
    keys: tuple[str, ...],
    name: str | None,
    form: str,
    session: bool,
    stacks: Path,
) -> None:
    """Print the least-privilege IAM policy that the suites and remedies need for a stack.

    \b
    opschecks policy daily weekly --stack production
    opschecks policy daily --fix enable-stickiness --stack production --format terraform
    opschecks policy daily --stack production --session

    Without SUITE: daily, weekly, deploy/before, deploy/after and the project's own. Each action is limited to what the
    stack names, where IAM can do that; what it does not name is left out. Notes go to standard error.
    """
    from .project import load_project

    if session and form != "json":
        raise click.ClickException("--session: AWS takes session policies as JSON; leave --format out")
    load_project()
    stack = stack_named(name, stacks)
    needs = list(needed(named_suites(suites), remedies, state=state and stack.state_in_s3, without=stack.without))
    made = statements(needs, places_of(stack), keys)
    if not made:
        raise click.ClickException(f"nothing to allow: {stack.name} names nothing that these would ask AWS about")
    if session:
        text, notes = packed(made)
        for note in (*notes, f"{len(text)} of {SESSION_POLICY_AT_MOST} characters; AWS also limits its packed size"):
            click.echo(note, err=True)
        click.echo(text)
        return
    click.echo(FORMS[form](made, stack.name))
    for note in _notes(made, len("".join(compact(made).split()))):
        click.echo(note, err=True)


def needed(
    suites: tuple[str, ...], remedies: tuple[str, ...] = (), *, state: bool = False, without: tuple[str, ...] = ()
) -> Iterator[Need]:
    """What the suites' observations and drills, the remedies and the state need; ClickException for unknown names."""
    from ..hooks.fixtures import import_observations

    import_observations()
    known, drills, of_drills = all_remedies(), all_drills(), dict[str, str]()
    for one in remedies:
        require_known(f"--fix {one}: no such remedy", one, known)
    wanted: dict[str, list[str]] = {}
    for suite in suites:
        for check in sources_of(suite):
            if check.slug in without or check.name in without:
                continue
            names = [*check.needs]
            for held in (drills[one] for one in check.needs if one in drills):
                yield Need(held.name, f"drill {held.name}", held.allow)
                names += held.needs
                of_drills |= dict.fromkeys(held.remedies, held.name)
            for observation in closure(name for name in names if name in REGISTRY):
                wanted.setdefault(observation.name, []).append(suite)
    for name, of in wanted.items():
        if REGISTRY[name].allow:
            yield Need(name, f"{name} ({', '.join(dict.fromkeys(of))})", REGISTRY[name].allow)
    following = [one.name() for name in remedies for one in getattr(known[name], "followed_by", ())]
    for name in dict.fromkeys((*remedies, *following, *of_drills)):
        by = f" (drill {of_drills[name]})" if name in of_drills else ""
        yield Need(name, f"remedy {name}{by}", known[name].all_allow())
    if state:
        yield Need("state", "history, journal and lock", STATE)


def named_suites(given: tuple[str, ...]) -> tuple[str, ...]:
    """The suites by their folders, all but drills where none is given; ClickException for an unknown one.

    One that is given as checks/SUITE keeps that where ours would be beside it: then it is the project's alone.
    """
    own = {name: folder.as_posix() for name, folder in own_suites(checks_of(Path())).items()}
    named = [one.removeprefix("checks/").strip("/") for one in given]
    folders = tuple(own.get(one, one if one in own.values() else one.replace("deploy-", "deploy/")) for one in named)
    known = (*SUITES, *own.values())
    for one, said in zip(folders, given, strict=True):
        require_known(f"{said}: no such suite", one, known)
    if len(roots_of(Path())) > 1:
        both = zip(folders, given, strict=True)
        folders = tuple(f"checks/{one}" if said.startswith("checks/") and one in SUITES else one for one, said in both)
    return folders or (*SUITES[:-1], *own.values())


def places_of(stack: Stack) -> Places:
    """The ARNs of what the stack names, in its partition."""
    return Places(stack, isolated_session().get_partition_for_region(stack.region) if stack.region else "aws")


def _notes(made: list[Statement], size: int) -> Iterator[str]:
    wide = {why: [a for one in made for a in one.actions if WIDE.get(a) == why] for why in dict.fromkeys(WIDE.values())}
    for why, actions in wide.items():
        if actions:
            yield f"for all resources, since {why}: {', '.join(sorted(actions))}"
    if size > MANAGED_AT_MOST:
        yield (
            f"{size:,} characters: a managed policy holds {MANAGED_AT_MOST:,}, the inline policies of a role "
            f"{INLINE_AT_MOST:,}; make one policy for each suite"
        )
