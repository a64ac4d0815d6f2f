"""How recipes and what an operator edits of them print for people."""

from dashops import editing
from dashops.render import overlay
from dashops.view import text
from dashops.view.text import as_json, as_text, say

COLOURS = {"outdated": "yellow", "conflict": "red", "gone": "red"}


@as_text.register
def _(value: editing.Listed) -> None:
    rows = [(each.name, each.state, ", ".join(each.insertions)) for each in value.templates]
    say(*text.table(("template", "state", "insertions"), rows), "")
    head = ("insertion", "text", "for", "file")
    say(
        *text.table(
            head,
            (
                (
                    each.point.name,
                    each.form,
                    each.point.about,
                    overlay.shown(each.path) if each.path else "",
                )
                for each in value.insertions
            ),
        )
    )
    room = f"{overlay.shown(value.folder)}/{value.target}"
    text.note(
        f"write an insertion into `{room}/{overlay.INSERT}/`; "
        f"`dashops recipes eject TEMPLATE` copies a template into `{room}/`"
    )


@as_json.register
def _(value: editing.Listed) -> None:
    text.document(
        {
            "target": value.target,
            "folder": value.folder,
            "templates": [
                {
                    "name": each.name,
                    "state": each.state,
                    "insertions": each.insertions,
                    "path": each.path and str(each.path),
                }
                for each in value.templates
            ],
            "insertions": [
                {
                    "name": each.point.name,
                    "form": each.form,
                    "template": each.point.template,
                    "about": each.point.about,
                    "path": each.path and str(each.path),
                }
                for each in value.insertions
            ],
        }
    )


@as_text.register
def _(value: editing.Ejected) -> None:
    for path in value.paths:
        say(overlay.shown(path))
    text.note("edit what was copied; `dashops plan` says what that changes")


@as_text.register
def _(value: editing.Differing) -> None:
    for each in value.diffs:
        say(*(text.changed(line) for line in each.splitlines()))


@as_text.register
def _(value: editing.Merged) -> None:
    for path in value.merged:
        say(f"{overlay.shown(path)}  merged")
    for place in value.conflicts:
        say(f"{place}  {text.paint('conflict', 'red')}")
    for path in value.current:
        say(f"{overlay.shown(path)}  nothing to merge")
    if value.conflicts:
        text.note("`dashops up` refuses these until the lines with marks are gone")
