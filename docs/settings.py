"""Write docs/settings.md from the model of the stack file, so that the two never disagree."""

from pathlib import Path

from dashops.stack import model, variables
from dashops.stack.example import written

HEAD = """\
# Settings

<!-- Written by docs/settings.py from dashops/stack/slots.py: change the text there. -->

A stack is described by `dashops.yaml` in the folder where you run `dashops`. The file is optional:
without it every setting has the default below. `dashops init` writes the file with all of them,
`dashops schema` prints its JSON Schema for editors. `--stack FILE`, or the variable
`DASHOPS_STACK`, names another file.

```yaml
name: sales
environment:
  packages: [ipywidgets, pandas, matplotlib]
dashboard:
  title: Sales figures
  port: 9000
```

A key that does not exist, a value of the wrong type and two slots on one port are errors, each
with its `file:line:column`. YAML reads an unquoted `no` as false and `3.10` as the number 3.1:
text that looks like something else needs quotes.

Every setting has an environment variable too, which wins over the file. Where a list is asked for,
write `pandas,bokeh`, or `["pandas>=2,<3"]` when an item holds a comma.
"""

TAIL = """\
## Other variables

These are no settings; every other name that starts with `DASHOPS_` is an error, so that a typo
cannot go unnoticed.

| variable | meaning |
|---|---|
| `DASHOPS_STACK` | the stack file, as `--stack` |
| `DASHOPS_SERVER` | the dashboard server to deploy to, as `--server` |
| `DASHOPS_TOKEN` | a token for that server |
| `DASHOPS_DIGEST` | set by dashops for each slot it starts: what the slot was started from |
| `DASHOPS_STATE_DIR` | set by dashops for each slot it starts: the stack it belongs to |
| `DASHOPS_BUNDLE` | set by dashops for each kernel: the folder of the dashboard's files |
| `DASHOPS_TEST_…` | settings of our tests |
"""


def page() -> str:
    """The text of docs/settings.md."""
    names = {path: name for name, path in variables.names().items()}
    inner = model.sections()
    parts = [HEAD, table("", model.Stack, names)]
    for section, kind in inner.items():
        parts.append(f"## {section}\n\n{model.Stack.model_fields[section].description}\n")
        parts.append(table(f"{section}.", kind, names))
    return "\n".join([*parts, TAIL])


def table(prefix: str, section: type[model.Section], names: dict[str, str]) -> str:
    """One row a setting: key, default, meaning, variable."""
    rows = ["| key | default | meaning | variable |", "|---|---|---|---|"]
    for key, field in section.model_fields.items():
        path = f"{prefix}{key}"
        if path not in names:
            continue
        default = f"`{written(field.default)}`" if field.default not in (None, "") else ""
        meaning = (field.description or "").replace("|", "\\|")
        rows.append(f"| `{path}` | {default} | {meaning} | `{names[path]}` |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    Path(__file__).with_suffix(".md").write_text(page())
