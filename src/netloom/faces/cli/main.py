"""The entry point of `netloom`.

Exit statuses: 0 done, 1 failed, 2 wrong usage or input, 3 not found, 4 conflict, 5 no answer (try later), 6 --wait: not
done in time, 7 diff: drift found.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from netloom.base.errors import NetloomError
from netloom.faces.cli.failures import Exit, exit_of, tell
from netloom.faces.cli.plugins import LazyGroup
from netloom.faces.cli.session import Session

app = typer.Typer(
    name="netloom",
    cls=LazyGroup,
    help="Tenant networks on Open vSwitch hosts.",
    epilog="Exit status: 0 done, 1 failed, 2 wrong input, 3 not found, 4 conflict, 5 no answer, 6 not done, 7 drift.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    ctx: typer.Context,
    server: Annotated[
        str,
        typer.Option(
            "-s",
            "--server",
            envvar="NETLOOM_SERVER",
            help="Where netloomd is: unix:PATH or http(s)://HOST:PORT.",
        ),
    ] = "unix:/run/netloom/netloomd.sock",
    token_file: Annotated[
        str | None,
        typer.Option(
            "--token-file",
            envvar="NETLOOM_TOKEN_FILE",
            help="File with the token for HTTP (or the token itself in NETLOOM_TOKEN).",
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show HTTP requests and answers on stderr.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds to wait for an answer.")
    ] = 30.0,
) -> None:
    """Tenant networks on Open vSwitch hosts."""
    session = Session(server, token_file, debug, timeout)
    ctx.obj = session
    ctx.call_on_close(session.close)


def run(arguments: Sequence[str]) -> int:
    """One command; gives its exit status."""
    try:
        app(args=list(arguments), prog_name="netloom")
    except NetloomError as error:
        tell(error)
        return int(exit_of(error))
    except BrokenPipeError:  # the reader of our output has gone: `netloom … | head`
        sys.stderr.close()
        return int(Exit.DONE)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(Exit.FAILED)
    return int(Exit.DONE)


def main() -> None:
    """For the console script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
