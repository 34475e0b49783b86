"""opschecks init: a first stacks.toml, of what an account has or of a sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..aws.configuration import UnusableProfile
from ..aws.inventory import inventory
from ..aws.listeners import listener_certificates
from ..aws.session import Aws, identify
from ..aws.survey import OTHER_LISTS, OtherList, Survey, own_list, survey
from ..aws.trial import Trial
from ..config.load import choose_stacks, load_stacks, stacks_of
from ..config.stack import Stack
from ..core.declared import kinds_in
from ..core.observation import CouldNotLook
from ..core.shipped import checks_of, shipped_checks
from .check_files import sources_of
from .difference import Known, differences
from .options import STACKS
from .proposal import certificates, left_out, propose, set_aside, unseen_keys
from .proposed_file import Line, Proposal, text_of
from .proposed_from_look import as_found, foreign_images
from .reach_stack import reached, reached_as
from .trial_look import looked, needed, unnamed

SUITES = ("daily", "weekly")
NAME = "new"
"""What the stack is called that is looked at while none has a name."""
MOST_PAGES = 1000
"""Of one list of an account: more than a run reads of one stack's."""
MOST_LOOKS = 10
"""So many stacks are looked at as a run does, about 60 calls each."""


@click.command()
@click.option("--sandbox", is_flag=True, help="of an embedded sandbox, to practise on; needs opschecks[sandbox]")
@click.option("--name", default="", metavar="NAME", help="what the (first) stack is called; default: as its cluster")
@click.option("--region", default=None, metavar="REGION", help="where to look; default: that of profile or environment")
@click.option("--profile", default=None, metavar="PROFILE", help="of the AWS configuration; default: the usual chain")
@click.option("--role-arn", default=None, metavar="ARN", help="a role to assume")
@click.option("--endpoint-url", default=None, metavar="URL", help="another endpoint for every call, of an emulator")
@click.option("--write", "wanted", is_flag=True, help="write the file; never over one that is there")
@STACKS
def init(sandbox: bool, name: str, wanted: bool, stacks: Path, **reach: str | None) -> None:
    """Propose a first stacks.toml from what an account has; with --write, write it.

    \b
    opschecks init --profile on-call --region us-west-2            look, and show one stack or several, with why
    opschecks init --profile on-call --region us-west-2 --write    the same, into stacks.toml
    opschecks init                         with a stacks.toml: what is new in its account and not in the file
    opschecks init --sandbox --write       a sandbox's, without any account

    Reads only. What was not allowed to be seen is told. What a stack does not have goes into `without`; to know
    that, the checks' observations are made once, of each list one page. Exit code 0, whatever is new; 1 where the
    account, or the file, could not be read.
    """
    if wanted and stacks.exists():
        raise click.ClickException(f"{stacks}: it is there already, and is left as it is; remove --write")
    if stacks.exists() and not sandbox:
        _show_differences(name, reach, stacks)
        return
    try:
        text = _of_the_sandbox() if sandbox else _of_the_account(name, reach, stacks)
    except (UnusableProfile, CouldNotLook) as error:
        raise click.ClickException(_by_options(str(error), name)) from None
    if not wanted:
        click.echo(text, nl=False)
        return
    _write_new(stacks, text)
    click.echo(f"{stacks}: written; next: pytest --pyargs opschecks.checks.daily")


def _by_options(said: str, name: str) -> str:
    """What is said of a key of the stack, of an option: there is no file yet in which it could be set."""
    place = f"stacks.{name or NAME}"
    said = said.replace('set region = "…" or AWS_REGION', "name one with --region or AWS_REGION")
    said = said.replace(f"set profile for {place}", "name one with --profile").replace(f" of {place}", "")
    for key in ("region", "profile", "role_arn", "endpoint_url"):
        said = said.replace(f"{place}.{key}:", f"--{key.replace('_', '-')}:")
    return said


def _say(line: str) -> None:
    click.echo(f"  {line}", err=True)


def _surveyed(stack: Stack) -> Survey:
    """What the stack's account has; ClickException where nothing of it was found."""
    _, aws = reached(stack.model_copy(update={"limits": stack.limits.model_copy(update={"pages": MOST_PAGES})}))
    account = identify(aws)
    _say(f"account {account}, {aws.region}")
    found = survey(aws, account, _say, {**OTHER_LISTS, **_own_lists()})
    if found.is_empty:
        raise click.ClickException(_nothing_in(found))
    return found


def _own_lists() -> dict[str, OtherList]:
    """How what checks of the project's own look at, and none of ours does, is listed: by `inventory.others(…)`."""
    ours = kinds_in(shipped_checks())
    own = {key: of for key, of in kinds_in(checks_of(Path())).items() if key not in ours}
    return {key: own_list(key, type_, arn) for key, (type_, arn) in own.items() if type_}


def _nothing_in(found: Survey) -> str:
    said = f"nothing that checks look at in account {found.account}, {found.region}"
    actions = [error.action for error in found.refused.values() if error.action]
    others = [f"{what}: {error.cause}" for what, error in found.refused.items() if not error.action]
    if actions:
        others.insert(0, f"the credentials may not look: allow {', '.join(actions)}")
    return f"{said}; {'; '.join(others) or 'name another --region or --profile'}"


def _show_differences(name: str, reach: dict[str, str | None], stacks: Path) -> None:
    """What the account of the options, or of the file's default stack, has beside its stacks in the file."""
    listed = load_stacks(stacks)
    if any(reach.values()):
        looking = _stack(NAME, reach, stacks)
    else:
        (looking,) = choose_stacks(listed, [name] if name else [], stacks)
    if looking.sandbox:
        raise click.ClickException(
            f"{stacks}: {looking.name} is a sandbox; name an account with --profile and --region"
        )
    found = _surveyed(looking)
    own = [
        one
        for one in listed.stacks.values()
        if not one.sandbox and one.account_id in (None, found.account) and one.region in (None, found.region)
    ]
    known = [Known(one, inventory(one, reached(one)[1])) for one in own]
    of = ", ".join(one.name for one in own) or "none"
    told = [line for one in differences(found, known) for line in one.lines()]
    click.echo(f"{stacks}, stacks of account {found.account}, {found.region}: {of}")
    for line in told or ["nothing is new, and nothing is gone"]:
        click.echo(line)
    for what, error in found.refused.items():
        click.echo(f"# not seen: {what}: {error.cause}")
    if any(line.startswith("+") for line in told):
        click.echo("# add what is a stack's to its keys; what is nobody's stays out of the file")


def _of_the_account(name: str, reach: dict[str, str | None], stacks: Path) -> str:
    from ..hooks.fixtures import import_observations

    found = _surveyed(_stack(name or NAME, reach, stacks))
    given = {key: reach[key] for key in ("profile", "role_arn", "endpoint_url")}  # in whichever order they were typed
    import_observations()
    checks = [one for suite in SUITES for one in sources_of(suite)]
    proposals, unlooked = [], []
    for number, one in enumerate(propose(found, name=name, given=given)):
        stack, trial = reached_as(_stack(one.name, one.table, stacks), Trial)
        if number < MOST_LOOKS:
            _say(f"stack {one.name}: what checks look for and it does not have")
            one = replace(one, lines=[*one.lines, *_certificates(one, found, trial)])
        else:
            trial.refuse(CouldNotLook("", "not looked at by init"))
            unlooked.append(one.name)
        store = looked(stack, trial, needed(checks))
        one = replace(one, lines=[*one.lines, *foreign_images(store)])
        own = set_aside(one, unnamed(stack, trial, store, checks), checks, unseen_keys(found))
        proposals.append(replace(own, limits=as_found(stack, store)))
    unseen = [f"not seen: {what}: {error.cause}" for what, error in found.refused.items()]
    if unlooked:
        said = f"what {', '.join(unlooked)} do not have is told by their keys alone, and their limits are the defaults"
        unseen.append(f"{said}: only the {MOST_LOOKS} largest stacks were looked at")
    return text_of(proposals, [*left_out(found, proposals), *unseen])


def _certificates(proposal: Proposal, found: Survey, aws: Aws) -> list[Line]:
    """The line of certificates; where the listeners may not be seen, what is said of them."""
    try:
        return certificates(proposal, found, lambda arns: listener_certificates(aws, arns))
    except CouldNotLook as error:
        return [Line("", None, f"resources.certificates: not seen: {error.cause}")]


def _stack(name: str, table: Mapping[str, Any], stacks: Path) -> Stack:
    given = {key: value for key, value in table.items() if value is not None}
    return stacks_of({"stacks": {name: given}}, stacks).stacks[name]


def _of_the_sandbox() -> str:
    """The stacks.toml of our repository; a wheel carries it beside the sandbox's code."""
    package = Path(__file__).parent.parent
    installed = package / "sandbox" / "stacks.toml"
    path = installed if installed.exists() else package.parent.parent / "stacks.toml"
    return path.read_text(encoding="utf-8")


def _write_new(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror}") from None
