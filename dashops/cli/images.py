"""The verbs about images of the compose target; each as those of operators."""

from pathlib import Path
from typing import Annotated

import typer

from dashops.cli.app import app
from dashops.cli.options import Json, StackFile, Target, Wait, load, show

images = typer.Typer(
    help="Build images of the target compose, and carry them elsewhere.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(images, name="images")

File = Annotated[Path, typer.Argument(metavar="FILE")]


@images.command()
def build(
    stack: StackFile = None, target: Target = None, wait: Wait = 0, json: Json = False
) -> None:
    """Build the images that are missing, as `up` would; nothing else changes."""
    from dashops import flow, images, run, view

    with view.progress() as tell:
        done = images.build(load(stack, target), run.run, tell, flow.Asked(wait=wait))
    show(done, json)


@images.command()
def push(
    stack: StackFile = None, target: Target = None, wait: Wait = 0, json: Json = False
) -> None:
    """Put all images into the registry of the stack, `images.registry`."""
    from dashops import flow, images, run, view

    with view.progress() as tell:
        done = images.push(load(stack, target), run.run, tell, flow.Asked(wait=wait))
    show(done, json)


@images.command()
def pull(
    stack: StackFile = None, target: Target = None, wait: Wait = 0, json: Json = False
) -> None:
    """Fetch all images from that registry, so that `up` builds nothing."""
    from dashops import flow, images, run, view

    with view.progress() as tell:
        done = images.pull(load(stack, target), run.run, tell, flow.Asked(wait=wait))
    show(done, json)


@images.command()
def save(
    file: File,
    stack: StackFile = None,
    target: Target = None,
    wait: Wait = 0,
    json: Json = False,
) -> None:
    """Write all images into one file, for machines without a network."""
    from dashops import flow, images, run, view

    with view.progress() as tell:
        done = images.save(load(stack, target), file, run.run, tell, flow.Asked(wait=wait))
    show(done, json)


@images.command("load")
def load_(
    file: File,
    stack: StackFile = None,
    target: Target = None,
    wait: Wait = 0,
    json: Json = False,
) -> None:
    """Bring in the images of such a file, so that `up` builds nothing; refuses other ones."""
    from dashops import flow, images, run, view

    with view.progress() as tell:
        done = images.load(load(stack, target), file, run.run, tell, flow.Asked(wait=wait))
    show(done, json)
