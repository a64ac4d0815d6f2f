"""What is wrong with a stack, as sentences with a place; decides nothing else."""

import difflib
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic_core import ErrorDetails

from dashops.errors import SpecError
from dashops.stack import kinds, model
from dashops.stack.source import INTEGER, Flaw, Loc, Place, Source, lines

# What a value should be, by pydantic's name for the mistake.
SENTENCES = {
    "string_type": "should be text, not {value}",
    "int_type": "should be a whole number, not {value}",
    "tuple_type": "should be a list, not {value}",
    "literal_error": "cannot be {value}",
    "greater_than_equal": "should be at least {ge}, not {value}",
    "less_than_equal": "should be at most {le}, not {value}",
    "byte_size": "should be a size such as `100MB`, not {value}",
    "byte_size_unit": "should be a size such as `100MB`, not {value}",
    "path_type": "should be a path, not {value}",
}


@dataclass(frozen=True)
class Page:
    """The text a stack is read from, what to call it, and the variables that override it."""

    name: str
    text: str = ""
    source: Source = field(default_factory=Source)
    variables: Mapping[str, str] = field(default_factory=dict)

    def flaw(self, detail: ErrorDetails) -> Flaw:
        """The flaw behind an error of pydantic."""
        ctx = detail.get("ctx", {})
        loc = tuple(ctx["key"].split(".")) if "key" in ctx else detail["loc"]
        variable = self.variables.get(".".join(map(str, loc[:2]))) or self.variables.get(
            str(loc[0])
        )
        if variable:
            return Flaw(variable, *sentence(loc, detail, None))
        message, hint = sentence(loc, detail, self.source.plain.get(loc))
        place = self.source.values.get(loc, Place(1, 1))
        if detail["type"] == "extra_forbidden" or detail["input"] is None:
            place = self.source.keys.get(loc, place)
        return Flaw(place, message, hint)

    def error(self, flaws: Sequence[Flaw]) -> SpecError:
        """All flaws as one error; each shows its place and, if in the text, the line."""
        if len(flaws) == 1:
            place, excerpt = self._shown(flaws[0].place)
            where = f"{place}\n{excerpt}" if excerpt else place
            return SpecError(flaws[0].message, hint=flaws[0].hint, where=where)
        blocks = []
        for flaw in sorted(flaws, key=_order):
            place, excerpt = self._shown(flaw.place)
            hint = f"     hint: {flaw.hint}" if flaw.hint else ""
            blocks.append("\n".join(filter(None, (f"{place}: {flaw.message}", excerpt, hint))))
        return SpecError(f"`{self.name}` has {len(flaws)} problems", where="\n\n".join(blocks))

    def _shown(self, place: Place | str) -> tuple[str, str]:
        if isinstance(place, str):
            return place, ""
        every = lines(self.text)
        line = min(place.line, len(every))
        # A line may be long: show what surrounds the column.
        start = max(0, place.column - 60)
        cut = masked(every[line - 1])[start : start + 100]
        before = place.column - 1 - start
        mark = " " * before + "^" * max(1, min(place.length, len(cut) - before))
        return f"{self.name}:{line}:{place.column}", f"{line:>4} | {cut}\n     | {mark}"


def sentence(loc: Loc, detail: ErrorDetails, written: str | None) -> tuple[str, str]:
    """Message and hint for an error of pydantic; `written` is the value as the file has it."""
    kind, value, ctx = detail["type"], detail["input"], detail.get("ctx", {})
    key = dotted(loc)
    if kind == "extra_forbidden":
        return unknown(loc)
    if value is None:
        return f"`{key}` has no value", "give it one, or remove the line to use the default"
    if kind == "model_type":
        return f"`{key}` should hold keys, not {shown(value, written)}", _keys((*loc, ""))
    if kind == "string_pattern_mismatch":
        said = f"{kinds.PATTERNS[ctx['pattern']]}, not {{value}}"
    else:
        # The model's own errors are sentences already.
        said = SENTENCES.get(kind, detail["msg"])
    said = said.replace("{value}", shown(value, written))
    for name in ("ge", "le"):
        said = said.replace(f"{{{name}}}", str(ctx.get(name)))
    return f"`{key}` {said}", ctx.get("hint", "") or _hint(loc, detail, written)


def shown(value: object, written: str | None) -> str:
    """A value in words: the number `3.10`, `no` (which YAML reads as false), a list."""
    match value:
        case bool():
            read = str(value).lower()
            word = written or read
            return f"`{word}`" if word.lower() == read else f"`{word}`, which YAML reads as {read}"
        case int() | float():
            return f"the number `{written or value}`"
        case str():
            return f"`{masked(value)[:80]}`" if value else "an empty text"
        case list():
            return "a list"
    return "a section"


def masked(text: str) -> str:
    """Text of the same length that is safe to show: no control character, no password."""
    safe = "".join(char if char.isprintable() else " " for char in text)
    return re.sub(r"(?<=://)[^/@\s]+(?=@)", lambda match: "*" * len(match[0]), safe)


def unknown(loc: Loc) -> tuple[str, str]:
    """Message and hint for a key that its section does not have."""
    key = str(loc[-1])
    section = f"`{dotted(loc[:-1])}`" if loc[:-1] else "the stack"
    message = f"unknown key `{masked(key)}` in {section}"
    known = list(_owner(loc).model_fields)
    close = list(_elsewhere(key))
    if "." not in key:
        close = difflib.get_close_matches(key.lower().replace("-", "_"), known, n=1) or close
    if close:
        return message, f"did you mean {' or '.join(f'`{name}`' for name in close)}?"
    return message, _keys(loc)


def dotted(loc: Loc) -> str:
    """`environment.packages[1]`, as people write a path."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return masked(text.removeprefix("."))


def _hint(loc: Loc, detail: ErrorDetails, written: str | None) -> str:
    start = f"{loc[-1]}: " if isinstance(loc[-1], str) else ""
    match detail["type"]:
        case "string_type" if written:
            return f'put it in quotes: `{start}"{written}"`'
        case "int_type" if written and isinstance(detail["input"], str) and INTEGER.match(written):
            return f"remove the quotes: `{start}{written}`"
        case "tuple_type":
            return f"write `{start}[{masked(written) if written else 'one, two'}]`"
        case "literal_error":
            choices = typing.get_args(_owner(loc).model_fields[str(loc[-1])].annotation)
            close = difflib.get_close_matches(str(detail["input"]).lower(), choices, n=1)
            listed = "choose one of: " + ", ".join(f"`{choice}`" for choice in choices)
            return f"did you mean `{close[0]}`? {listed}" if close else listed
    return ""


def _keys(loc: Loc) -> str:
    return "the keys here are " + ", ".join(f"`{name}`" for name in _owner(loc).model_fields)


def _elsewhere(key: str) -> Iterator[str]:
    last = key.rpartition(".")[2]
    return (path for path in model.leaves() if path.rpartition(".")[2] == last)


def _owner(loc: Loc) -> type[model.Section]:
    return model.sections()[str(loc[0])] if len(loc) > 1 else model.Stack


def _order(flaw: Flaw) -> tuple[int, int, str]:
    if isinstance(flaw.place, str):
        return (10**9, 0, flaw.place)
    return (flaw.place.line, flaw.place.column, "")
