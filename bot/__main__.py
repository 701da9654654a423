"""`docketbot`, also as `python -m bot`: the list of its commands."""

from __future__ import annotations

import typer

from bot.commands import (
    checking,
    hooks,
    ledger,
    metrics,
    pausing,
    quarantine,
    reading,
    reporting,
    rolling_back,
    running,
)

app = typer.Typer(
    help="Docket: every request an owner, every exception a decision, every decision a record.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(running.demo)
app.command()(running.run)
app.command()(checking.check)
app.command()(reading.items)
app.command()(reading.exceptions)
app.command()(reading.show)
app.command()(reading.why)
app.add_typer(ledger.app, name="ledger")
app.add_typer(quarantine.app, name="quarantine")
app.command()(reading.digest)
app.command()(pausing.pause)
app.command()(pausing.resume)
app.command()(rolling_back.rollback)
app.command()(reporting.report)
app.command()(reporting.model)
app.command()(hooks.hook_secret)
app.command()(metrics.metrics_token)


def main() -> None:
    """The console script."""
    app(prog_name="docketbot")


if __name__ == "__main__":
    main()
