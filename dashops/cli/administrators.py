"""The verbs of those who decide who may do what, each a few lines: parse, call, show."""

from typing import Annotated

import typer

from dashops.cli.app import app
from dashops.cli.options import Json, Lines, Name, Server, StackFile, TokenFile, load, show

access = typer.Typer(name="access", help="Show who may open a dashboard.", no_args_is_help=True)
tokens = typer.Typer(name="tokens", help="Make and end tokens of programs.", no_args_is_help=True)
app.add_typer(access)
app.add_typer(tokens)

Groups = Annotated[
    list[str] | None, typer.Option("--group", metavar="GROUP", help="The people of this group.")
]


@app.command()
def share(
    name: Name,
    user: Annotated[
        list[str] | None, typer.Option("--user", metavar="USER", help="This person.")
    ] = None,
    group: Groups = None,
    signed_in: Annotated[
        bool, typer.Option("--signed-in", help="Everybody who has logged in.")
    ] = False,
    public: Annotated[
        bool, typer.Option("--public", help="Everybody, also without a login.")
    ] = False,
    private: Annotated[
        bool, typer.Option("--private", help="Nobody but its owner and operators.")
    ] = False,
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="USER", help="Whose it is from now on.")
    ] = None,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Let exactly the people named here open a dashboard; options can be given more than once."""
    from dashops import publish

    to = publish.administration(lambda: load(stack), server, token_file)
    whom = publish.administering.Whom(public, signed_in, private, group or (), user or ())
    show(publish.administering.share(name, whom, owner, to), json)


@access.command()
def who(
    name: Name,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """List who may open a dashboard."""
    from dashops import publish

    to = publish.administration(lambda: load(stack), server, token_file)
    show(publish.administering.who(name, to), json)


@access.command()
def test(
    user: Annotated[str, typer.Argument(metavar="USER")],
    name: Name,
    group: Groups = None,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Say whether somebody may open a dashboard, and why. Exit code 1 if not."""
    from dashops import publish

    to = publish.administration(lambda: load(stack), server, token_file)
    found = publish.administering.may(user, name, group or (), to)
    show(found, json)
    raise typer.Exit(0 if found.allowed else 1)


@tokens.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for, such as `ci`.")],
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope", metavar="SCOPE", help="read, admin or deploy:NAME; `*` is any letters."
        ),
    ],
    days: Annotated[
        int, typer.Option("--days", min=0, help="Days it is good for; 0 until it is revoked.")
    ] = 90,
    creator: Annotated[
        str, typer.Option("--for", metavar="USER", help="Whose it is, and what it deploys first.")
    ] = "",
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Make a token for a program and print it, this once."""
    from dashops import publish

    to = publish.administration(lambda: load(stack), server, token_file)
    show(publish.administering.make_token(name, scope, days, creator, to), json)


@tokens.command("list")
def list_(
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """List the tokens there are and were, without what is secret of them."""
    from dashops import publish

    to = publish.administration(lambda: load(stack), server, token_file)
    show(publish.administering.tokens(to), json)


@tokens.command()
def revoke(
    token: Annotated[str, typer.Argument(metavar="ID")],
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """End a token, from its next use on."""
    from dashops import publish

    to = publish.administration(lambda: load(stack), server, token_file)
    show(publish.administering.revoke_token(token, to), json)


@app.command()
def audit(
    verify: Annotated[
        bool, typer.Option("--verify", help="Check that no line was changed or taken out.")
    ] = False,
    lines: Lines = 20,
    server: Server = None,
    token_file: TokenFile = None,
    stack: StackFile = None,
    json: Json = False,
) -> None:
    """Show who did what: logins, deploys, shares, refusals. Exit code 4 if lines were changed."""
    from dashops import publish

    to = publish.administration(lambda: load(stack), server, token_file)
    found = publish.administering.audit(lines, to, verify=verify)
    show(found, json)
    found.raise_for_problems()
