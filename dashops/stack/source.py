"""YAML text to plain values that know their place in it; knows nothing of settings."""

import re
from dataclasses import dataclass, field

import yaml
from yaml.composer import Composer, ComposerError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

Loc = tuple[str | int, ...]
Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]

BOOLEANS = re.compile(r"^(yes|no|on|off|true|false)$", re.IGNORECASE)
# Octal and base 60 stay text, and so does what no setting can be.
INTEGER = re.compile(r"^[-+]?(0|[1-9][0-9]{0,29})$")
DECIMAL = re.compile(r"^[-+]?[0-9]+\.[0-9]*$")
# No setting lies deeper than an item of a list in a section.
DEEPEST = 9
TOO_DEEP = "lists or sections are nested too deeply"


@dataclass(frozen=True)
class Place:
    """A spot in the text: line and column from 1, and how many characters it covers."""

    line: int
    column: int
    length: int = 1


@dataclass(frozen=True)
class Flaw:
    """What is wrong at one place of the text, or with the environment variable of that name."""

    place: Place | str
    message: str
    hint: str = ""


@dataclass
class Source:
    """The values of a text. `keys` and `values` hold places; `plain` the scalars as written."""

    tree: Value = None
    keys: dict[Loc, Place] = field(default_factory=dict)
    values: dict[Loc, Place] = field(default_factory=dict)
    plain: dict[Loc, str] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)


def lines(text: str) -> list[str]:
    """The lines of a text, cut where YAML counts a new one."""
    return re.split("\r\n|[\n\r\x85\u2028\u2029]", text)


def read(text: str) -> Source:
    """Every value of the text and every flaw that can be told without knowing the settings."""
    source = Source()
    try:
        node = _Loader(text).get_single_node()
        if node is not None:
            source.tree = _value(node, (), source)
    except ReaderError as error:
        before = lines(text[: error.position])
        place = Place(len(before), len(before[-1]) + 1)
        message = f"character U+{ord(text[error.position]):04X} is not allowed in YAML"
        source.flaws.append(Flaw(place, message, "remove it"))
    except yaml.MarkedYAMLError as error:
        source.flaws.append(_syntax(error))
    except RecursionError:
        source.flaws.append(Flaw(Place(1, 1), TOO_DEEP))
    return source


class _Loader(Reader, Scanner, Parser, Composer, BaseResolver):
    """YAML 1.1's booleans, so that its traps can be named; of numbers only the plain ones."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        # An alias may hold itself; no stack needs one.
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise ComposerError(None, None, "an alias", mark)
        node: Node | None = super().compose_node(parent, index)
        return node


for _tag, _shape, _first in (
    ("bool", BOOLEANS, list("yYnNtTfFoO")),
    ("null", re.compile(r"^(~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("int", INTEGER, list("-+0123456789")),
    ("float", DECIMAL, list("-+0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _shape, _first)


def _value(node: Node, loc: Loc, source: Source) -> Value:
    source.values[loc] = _place(node)
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if len(loc) > DEEPEST:
        source.flaws.append(Flaw(_place(node), TOO_DEEP))
        return ""
    if isinstance(node, MappingNode) and kind == "map":
        return _section(node, loc, source)
    if isinstance(node, SequenceNode) and kind == "seq":
        return [_value(item, (*loc, index), source) for index, item in enumerate(node.value)]
    if isinstance(node, ScalarNode):
        return _scalar(node, kind, loc, source)
    source.flaws.append(_tagged(node))
    return ""


def _scalar(node: ScalarNode, kind: str, loc: Loc, source: Source) -> Value:
    written: str = node.value
    source.plain[loc] = written
    match kind:
        case "str" if is_text(written):
            return written
        case "null":
            return None
        case "bool" if BOOLEANS.match(written):
            return written.lower() in ("yes", "on", "true")
        case "int" if INTEGER.match(written):
            return int(written)
        case "float" if DECIMAL.match(written):
            return float(written)
        case "str":
            source.flaws.append(Flaw(_place(node), "this is not text", "remove the `\\u` code"))
        case _:
            source.flaws.append(_tagged(node))
    return ""


def _tagged(node: Node) -> Flaw:
    tag = node.tag.replace("tag:yaml.org,2002:", "!!")
    return Flaw(_place(node), f"the tag `{tag}` cannot be used here", "write the value without it")


def is_text(value: str) -> bool:
    """Whether a string can be written as UTF-8, which half of a surrogate pair cannot."""
    return not re.search("[\ud800-\udfff]", value)


def _section(node: MappingNode, loc: Loc, source: Source) -> Value:
    section: dict[str, Value] = {}
    for key, value in node.value:
        if not isinstance(key, ScalarNode) or not is_text(key.value):
            source.flaws.append(Flaw(_place(key), "a key should be one word"))
            continue
        inner = (*loc, key.value)
        if key.value in section:
            first = source.keys[inner].line
            message = f"key `{key.value}` stands here a second time, first on line {first}"
            source.flaws.append(Flaw(_place(key), message, "keep one of the two"))
            continue
        source.keys[inner] = _place(key)
        section[key.value] = _value(value, inner, source)
    return section


def _place(node: Node) -> Place:
    start, end = node.start_mark, node.end_mark
    length = end.column - start.column if end.line == start.line else 1
    return Place(start.line + 1, start.column + 1, max(length, 1))


# PyYAML's words for what people really get wrong, and ours.
SYNTAX = (
    (r"found character '\\t'", "a tab cannot be used to indent", "use two spaces"),
    (
        r"mapping values are not allowed here",
        "a `:` stands where no key can be",
        "check that the line above has its `:`, and put text that holds `: ` in quotes",
    ),
    (
        r"could not find expected ':'",
        "a `:` is missing after a key",
        "write `key: value`, with a blank after the colon",
    ),
    (r"found unexpected end of stream", "a quote is not closed", "add the closing quote"),
    (r"expected ',' or '\]'", "a `[` list is not closed", "write `[one, two]`"),
    (r"expected ',' or '}'", "a `{` section is not closed", "write `{one: 1, two: 2}`"),
    (
        r"expected <block end>",
        "this line is not indented like the ones above it",
        "use the same number of spaces for keys of the same section",
    ),
    (
        r"but found another document",
        "a second document starts here (`---`), and only one can be read",
        "keep one of the two",
    ),
    (
        r"found character '.' that cannot start any token",
        "this character cannot start a value",
        "put the value in quotes",
    ),
    (r"expected the node content", "a value is missing here", "write one, or remove the comma"),
    (r"^an alias", "an alias (`*name`) cannot be used here", "write the value out"),
)


def _syntax(error: yaml.MarkedYAMLError) -> Flaw:
    mark = error.problem_mark or error.context_mark
    # What is not closed is noticed later; the place to fix is where it opened.
    said = error.problem or "cannot be read"
    if error.context_mark and re.search("end of stream|expected ',' or|find expected ':'", said):
        mark = error.context_mark
    place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
    for pattern, message, hint in SYNTAX:
        if re.search(pattern, said):
            return Flaw(place, message, hint)
    return Flaw(place, said)
