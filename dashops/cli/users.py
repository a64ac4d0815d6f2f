"""The verbs about people with passwords, each a few lines: parse, call one function, show it."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from dashops.cli.app import app
from dashops.cli.options import Json, Server, StackFile, TokenFile, load, show

users = typer.Typer(
    help="People with passwords of their own (`identity.provider: local`).",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(users, name="users")

Role = Literal["viewer", "author", "operator"]
Who = Annotated[str, typer.Argument(metavar="NAME")]
RoleOption = Annotated[Role, typer.Option("--role", help="What they may do here.")]
Groups = Annotated[
    list[str] | None, typer.Option("--group", help="A group they are in; repeatable.")
]
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", help="Read the password from this file (`-`: stdin)."),
]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password and print it once.")]
Display = Annotated[str, typer.Option("--display", help="Name that pages show (default: NAME).")]


@users.command("add")
def add(
    name: Who,
    role: RoleOption = "viewer",
    groups: Groups = None,
    display: Display = "",
    password_file: PasswordFile = None,
    generate: Generate = False,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Add somebody; asks for the password unless it comes from a file or is made."""
    from dashops import publish, view

    to = publish.administration(lambda: load(stack), server, token_file)
    source = publish.people.Source(generate, password_file, view.new_password)
    show(publish.people.add_user(name, role, groups or [], display, source, to), json)


@users.command("list")
def list_users(
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """List them."""
    from dashops import publish

    to = publish.administration(lambda: load(stack), server, token_file)
    show(publish.people.users(to), json)


@users.command()
def passwd(
    name: Who,
    password_file: PasswordFile = None,
    generate: Generate = False,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Give somebody a new password, and log them out everywhere."""
    from dashops import publish, view

    to = publish.administration(lambda: load(stack), server, token_file)
    source = publish.people.Source(generate, password_file, view.new_password)
    show(publish.people.give_password(name, source, to), json)


@users.command()
def change(
    name: Who,
    role: Annotated[Role | None, typer.Option("--role", help="Their new role.")] = None,
    groups: Groups = None,
    disabled: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Whether they cannot log in.")
    ] = None,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Change role or groups, or keep somebody out for a while; logs them out everywhere."""
    from dashops import publish

    to = publish.administration(lambda: load(stack), server, token_file)
    named: dict[str, Any] = {"role": role, "groups": groups, "disabled": disabled}
    values = {key: value for key, value in named.items() if value is not None}
    show(publish.people.change_user(name, values, to), json)


@users.command()
def remove(
    name: Who,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Remove somebody, and log them out everywhere."""
    from dashops import publish

    to = publish.administration(lambda: load(stack), server, token_file)
    show(publish.people.remove_user(name, to), json)


@users.command()
def logout(
    name: Who,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Log somebody out everywhere, whoever vouches for them; ends what they have open."""
    from dashops import publish

    to = publish.administration(lambda: load(stack), server, token_file)
    show(publish.people.log_out(name, to), json)
