"""`python -m dashops.hosting`: what the servers of an app read, made anew; it starts none of them.

Run by an app's launcher, in its folder and environment. It prints `{"env": [names]}`: the
variables that kernels may see. Secrets that are there stay.
"""

import json
import sys

from dashops import apply, lock, plan, run, secrets, targets
from dashops import stack as stacks
from dashops.errors import DashopsError


def render() -> dict[str, list[str]]:
    """Write them below the state folder; SpecError when a setting cannot be used."""
    stack = stacks.load()
    target = targets.by_name(stack.target)
    with lock.hold(stack.state_dir):
        # An app has no notebook server.
        names = [each for each in target.SECRETS if each != "notebook-token"]
        secrets.ensure(stack.state_dir / "secrets", names)
        facts = target.facts(stack, run.run)
        files = target.files(stack, facts)
        changes = plan.changes(facts.rendered, files)
        apply.write(stack.state_dir / "rendered", changes, files)
    return {"env": list(stack.gateway.env)}


def main() -> None:
    """Print the names, or say what is wrong and end with its exit code."""
    try:
        sys.stdout.write(json.dumps(render()) + "\n")
    except DashopsError as error:
        from dashops import view

        view.error(error)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
