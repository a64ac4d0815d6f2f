"""pyinfra's way to a host: the connection that is there already; it decides nothing."""

from collections.abc import Iterator
from typing import Any

from pyinfra.connectors.base import BaseConnector
from pyinfra.connectors.util import CommandOutput, OutputLine, make_unix_command_for_host

from dashops.run import run

# What the host's commands said, for when one fails.
said: list[str] = []


class Connector(BaseConnector):  # type: ignore[misc]
    """A host of pyinfra's inventory whose data has a `dashops_link`."""

    handles_execution = True

    @staticmethod
    def make_names_data(name: str) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
        """The one host."""
        yield f"@dashops/{name}", {}, []

    def run_shell_command(
        self,
        command: Any,
        print_output: bool = False,  # noqa: ARG002, FBT001, FBT002
        print_input: bool = False,  # noqa: ARG002, FBT001, FBT002
        **arguments: Any,
    ) -> tuple[bool, CommandOutput]:
        """Whether a command of pyinfra went well, and what it said."""
        for name in ("_get_pty", "_timeout", "_stdin"):
            arguments.pop(name, None)
        fine = arguments.pop("_success_exit_codes", None) or (0,)
        words = make_unix_command_for_host(self.state, self.host, command, **arguments)
        done = run(*self.host.data.dashops_link.argv(words.get_raw_value()), ok=range(256))
        said.extend(done.err.splitlines())
        lines = [OutputLine("stdout", line) for line in done.out.splitlines()]
        lines += [OutputLine("stderr", line) for line in done.err.splitlines()]
        return done.code in fine, CommandOutput(lines)

    def put_file(self, *_: Any, **__: Any) -> bool:
        """Files go another way."""
        raise NotImplementedError

    def get_file(self, *_: Any, **__: Any) -> bool:
        """Nothing is fetched."""
        raise NotImplementedError
