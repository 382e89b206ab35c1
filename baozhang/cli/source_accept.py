"""`baozhang source accept`: a source tried from end to end on the agency's own server."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from baozhang.cli.console import JsonFlag, show
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.acceptance import Accepted, accept_source
from tasks.batches import Pair


def accept(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help=say("Id of the client."))],
    source: Annotated[str, typer.Argument(metavar="SOURCE", help=say("Name of the source."))],
    *,
    set_name: Annotated[str, typer.Option("--set", metavar="NAME", help=say("The set."))] = "main",
    as_json: JsonFlag = False,
) -> None:
    """Back up to scratch, restore, compare, and keep the evidence with the site."""
    with open_site() as site:
        found = accept_source(site, Pair(client, set_name), source)
    show(asdict(found), as_json=as_json, human=lambda console: _tell(console, found))


def _tell(console: Console, found: Accepted) -> None:
    if found.level == "bytes":
        console.print(
            say(
                "the source {source} passed as bytes: {files} files, {bytes} bytes; it has no "
                "profile, and no book was compared",
                source=found.source,
                files=found.files,
                bytes=found.bytes,
            )
        )
        return
    console.print(
        say(
            "the source {source} passed: {files} files, {bytes} bytes, {books} books equal after "
            "the restore",
            source=found.source,
            files=found.files,
            bytes=found.bytes,
            books=len(found.books),
        )
    )
    for name, lines, root in found.books:
        console.print(
            say(
                "  {book}: {lines} lines, fingerprint {root}",
                book=name,
                lines=lines,
                root=root[:16],
            )
        )
