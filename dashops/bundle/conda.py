"""What of a conda environment.yml pip can install; conda itself is never run."""

import re
from dataclasses import dataclass
from typing import Any

import yaml

from dashops import errors

NAMES = ("environment.yml", "environment.yaml")


@dataclass(frozen=True)
class Environment:
    """`pip` is its pip part, None without one; `unsupported` are the conda packages."""

    pip: tuple[str, ...] | None
    python: str
    unsupported: tuple[str, ...]


def parse(text: str, path: str) -> Environment:
    """Read one; SpecError with the line when it is malformed."""
    try:
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise errors.SpecError(f"this is not YAML: {error.problem}", where=path + line) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise errors.SpecError(f"this is not YAML: {error}", where=path) from error
    listed = data.get("dependencies") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        raise errors.SpecError("it has no list of `dependencies`", where=path)
    pip: list[str] | None = None
    python, unsupported = "", []
    for each in listed:
        if isinstance(each, str):
            name = re.split(r"[\s=<>!~\[]", each.rpartition("::")[2].strip(), maxsplit=1)[0]
            if name == "python":
                python = _python(each)
            elif name not in ("pip", "ipykernel", ""):
                unsupported.append(f"{each} ({path}, a conda package)")
        elif isinstance(each, dict) and set(each) == {"pip"}:
            pip = [*(pip or []), *_texts(each["pip"], path)]
        else:
            raise errors.SpecError(f"`dependencies` holds {each!a:.80}", where=path)
    return Environment(None if pip is None else tuple(pip), python, tuple(unsupported))


def _texts(listed: Any, path: str) -> list[str]:
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise errors.SpecError("its `pip` part is not a list of requirements", where=path)
    return listed


def _python(text: str) -> str:
    """conda's `python=3.11` as `==3.11.*`, and what pip understands as it is."""
    wanted = text.rpartition("::")[2].strip().removeprefix("python").strip()
    if exact := re.fullmatch(r"={1,2}\s*(\d+(?:\.\d+)*)(?:\.?\*)?(?:=\S+)?", wanted):
        return f"=={exact[1]}" if exact[1].count(".") > 1 else f"=={exact[1]}.*"
    return wanted if re.match(r"[<>!~]", wanted) else ""
