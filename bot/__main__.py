"""`docketbot`, also as `python -m bot`: the list of its commands."""

from __future__ import annotations

import typer

from bot.commands import checking, digests, listing, records, running
from bot.commands.speaking import Plainly

app = typer.Typer(
    cls=Plainly,
    help="Docket: every request an owner, every exception a decision, every decision a record.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(running.demo)
app.command()(running.run)
app.command()(checking.check)
app.command()(listing.items)
app.command()(listing.exceptions)
app.command()(listing.show)
app.command()(listing.why)
app.add_typer(records.ledger, name="ledger")
app.command()(digests.digest)


def main() -> None:
    """The console script."""
    app(prog_name="docketbot")


if __name__ == "__main__":
    main()
