"""The commented file that `dashops init` writes, made from the model so that it cannot drift."""

import json
import re
import textwrap

from pydantic import ByteSize

from dashops.stack import model

HEAD = "These are the defaults: change a value, or remove what you do not change."


def example() -> str:
    """A stack file that names every setting; it loads, and equals the defaults."""
    stack = model.Stack()
    lines = [*_comment(HEAD, ""), ""]
    inner = model.sections()
    for name, field in model.Stack.model_fields.items():
        lines += _comment(field.description or "", "")
        if name == "name":
            # Its default is the folder's name, which this text cannot know.
            lines += ["# name: sales", ""]
        elif name in inner:
            lines.append(f"{name}:")
            for key, leaf in inner[name].model_fields.items():
                lines += _comment(leaf.description or "", "  ")
                lines.append(f"  {key}: {written(getattr(getattr(stack, name), key))}")
            lines.append("")
        else:
            lines += [f"{name}: {written(getattr(stack, name))}", ""]
    return "\n".join(lines).rstrip() + "\n"


def written(value: object) -> str:
    """A value as YAML on one line."""
    match value:
        case None:
            return "null"
        case ByteSize():
            decimal = int(value) % 1000 == 0  # what is no round number is a power of two
            return value.human_readable(decimal=decimal, separator="").replace(".0", "")
        case tuple():
            return "[" + ", ".join(written(item) for item in value) + "]"
        case str() if not re.fullmatch(r"[A-Za-z][\w/-]*|\.[a-z]+", value):
            return json.dumps(value)
    return str(value)


def _comment(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, width=92, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "
    )
