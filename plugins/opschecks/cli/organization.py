"""opschecks organization: the accounts of AWS Organizations as stacks, in a file that stacks.toml includes."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ..aws.organization import Member, members
from ..config.limits import Limits
from ..config.load import stacks_of
from ..config.stack import Stack
from ..core.wording import plural
from .options import pairs, write

MADE = "# Made by `opschecks organization`, which makes it again: what is written by hand here is lost."


@click.command()
@click.option("--role-name", required=True, metavar="NAME", help="the role to assume in each account, with its path")
@click.option("--region", "regions", multiple=True, required=True, metavar="REGION", help="a stack in each; repeatable")
@click.option("--external-id", default="", metavar="ID", help="what the role's trust policy asks for")
@click.option("--ou", "units", multiple=True, metavar="ou-…", help="only accounts of this unit, or below; repeatable")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="only accounts with this tag; repeatable: all")
@click.option("--except", "but", multiple=True, metavar="ID|NAME", help="not this account; repeatable")
@click.option("--state", default="", metavar="s3://…", help="where history, journal and locks of all of them are kept")
@click.option(
    "--stack-tag", "stack_tags", multiple=True, metavar="KEY=VALUE", help="resources of a stack have this tag"
)
@click.option("--profile", default=None, metavar="PROFILE", help="of the AWS configuration; default: the usual chain")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None, help="default: the terminal")
def organization(
    role_name: str,
    regions: tuple[str, ...],
    external_id: str,
    units: tuple[str, ...],
    tags: tuple[str, ...],
    but: tuple[str, ...],
    state: str,
    stack_tags: tuple[str, ...],
    profile: str | None,
    out: Path | None,
) -> None:
    """Write a stack for each active account of AWS Organizations, in each region.

    \b
    opschecks organization --role-name opschecks --region eu-central-1 --out teams/organization.toml
    opschecks organization --role-name opschecks --region us-west-2 --ou ou-ab12-34567890 --tag tier=production

    Reads only, with credentials of the management account or of a delegated administrator. `include` of stacks.toml
    names the file; every shard of a fleet needs the same one.
    """
    from ..aws.session import Aws

    if out and out.exists() and not out.read_text(encoding="utf-8").startswith(MADE):
        raise click.ClickException(f"{out}: it is there already, and was not made by this command; it is left as it is")
    reached = Stack(name="organization", profile=profile, region=regions[0], limits=Limits(pages=10_000))
    found = members(Aws(reached), units, pairs("--tag", tags))
    left = [one for one in found if one.id not in but and one.name not in but]
    if unknown := sorted(set(but) - {one.id for one in found} - {one.name for one in found}):
        raise click.ClickException(f"--except {unknown[0]}: no such account among the {len(found)} that were found")
    if not left:
        raise click.ClickException("no active account fits: nothing is written")
    keys: dict[str, Any] = {"external_id": external_id, "state": state, "tags": pairs("--stack-tag", stack_tags)}
    text = stacks_toml(left, regions, role_name, {key: value for key, value in keys.items() if value})
    stacks_of(tomllib.loads(text), out or Path("the stacks"))  # nothing is written that a run would refuse
    if out is None:
        click.echo(text, nl=False)
        return
    write(out, text)
    click.echo(f"{out}: {plural(len(left) * len(regions), 'stack')} of {plural(len(left), 'account')}")


def stacks_toml(
    accounts: Sequence[Member], regions: Sequence[str], role_name: str, keys: Mapping[str, str | Mapping[str, str]]
) -> str:
    """A table for each account in each region; the same accounts give the same text."""
    times = Counter(_slug(one.name) for one in accounts)
    lines = [MADE]
    for one in accounts:
        slug = _slug(one.name)
        name = f"{slug}-{one.id}".lstrip("-") if times[slug] > 1 or slug in ("", "all") else slug
        for region in regions:
            key = f"{name}-{region}" if len(regions) > 1 else name
            lines += ["", f"[stacks.{key if '.' not in key else _text(key)}]  # {_text(one.name)}"]
            lines += [
                f"account_id = {_text(one.id)}",
                f"region = {_text(region)}",
                f"role_arn = {_text(f'arn:{one.partition}:iam::{one.id}:role/{role_name}')}",
            ]
            lines += [f"{key} = {_value(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


def _slug(name: str) -> str:
    return re.sub("[^A-Za-z0-9_.-]+", "-", name).strip("-._").lower()


def _text(value: str) -> str:
    """As a string of TOML, whatever is in it."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: str | Mapping[str, str]) -> str:
    if isinstance(value, str):
        return _text(value)
    return "{ " + ", ".join(f"{_text(key)} = {_text(one)}" for key, one in value.items()) + " }"
