"""How images of a stack print for people."""

from dashops import images
from dashops.view import text
from dashops.view.text import as_text, say


@as_text.register
def _(value: images.Built) -> None:
    say(*value.images.values())
    made = ", ".join(value.made)
    text.note(f"built {made}" if made else "nothing to build")


@as_text.register
def _(value: images.Moved) -> None:
    say(*value.images.values())
    text.note(f"{value.verb}ed {len(value.images)} images: {value.registry}")


@as_text.register
def _(value: images.Saved) -> None:
    say(str(value.path))
    text.note(f"{len(value.images)} images, {text.size(value.size)}")


@as_text.register
def _(value: images.Loaded) -> None:
    say(*value.images.values())
    text.note(f"loaded {len(value.images)} images, so `dashops up` builds nothing")
