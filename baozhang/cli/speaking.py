"""The frame around every command in the person's language: help, and what was typed wrong.

The framework speaks English alone.  Its help is put into Chinese piece by piece after it is laid
out, and its complaints are said again as usage errors of our own: a person hears one voice, and a
program reads one kind of JSON.
"""

import errno
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import get_args, get_type_hints

import click
import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup
from typer.models import ArgumentInfo

from baozhang.errors import BaozhangError, SourceUnreadableError, UsageError
from baozhang.words import say

FRAME_TEMPLATES = {
    r"^Usage: ": "Usage: ",
    r"^Options:$": "Options:",
    r"^Arguments:$": "Arguments:",
    r"^Commands:$": "Commands:",
    r"\[OPTIONS\] COMMAND \[ARGS\]\.\.\.": "[OPTIONS] COMMAND [ARGS]...",
    r"\[OPTIONS\]": "[OPTIONS]",
    r"\[required\]": "[required]",
    r"\[default: ": "[default: ",
    r"Show this message and exit\.": "Show this message and exit.",
}
"""Pattern in the framework's help to what is said in its place."""

COMPLAINT_TEMPLATES = {
    r"No such command '(?P<name>[^']*)'\. Did you mean:? (?P<like>[^?]*)\?.*": (
        "there is no command {name}; did you mean {like}?"
    ),
    r"No such command '(?P<name>.*)'\.": "there is no command {name}",
    r"No such option:? '?(?P<name>[^\s']*)'?\.? (Did you mean|\(Possible options):? "
    r"(?P<like>[^?)]*)[?)]": ("there is no option {name}; did you mean {like}?"),
    r"No such option:? '?(?P<name>[^\s']*)'?\.?": "there is no option {name}",
    r"Missing argument '(?P<name>.*)'\.": "the argument {name} is missing",
    r"Missing option '(?P<name>.*)'\.": "the option {name} is missing",
    r"Option '(?P<name>.*)' requires an argument\.": "the option {name} needs a value",
    r"Option '(?P<name>.*)' does not take a value\.": "the option {name} takes no value",
    r"Got unexpected extra arguments? \((?P<name>.*)\)": "what is {name} meant to be?",
    r"Invalid value for '(?P<name>.*?)': .*does not match the formats? .*": (
        "{name} is no date; write it as YYYY-MM-DD"
    ),
    r"Invalid value for '(?P<name>.*?)': .*is not a valid int.*": "{name} is no whole number",
    r"Invalid value for '(?P<name>.*?)': .*is not in the range x>=(?P<least>\d+)\.": (
        "{name} must be at least {least}"
    ),
    r"Invalid value for '(?P<name>.*?)': \S+ (?P<path>'.*') is a directory\.": (
        "{name}: {path} is a folder, and a file is needed"
    ),
}
"""Complaint of the framework to the words it is said in; what is not here is said as it stands."""

UNREADABLE = re.compile(r"Invalid value for .*: \S+ '(?P<path>.*)' is not readable\.", re.DOTALL)
"""The one complaint that is not about what was typed, but about the world."""

TWICE = re.compile(r"^Positional arguments:\n( .*\n)+\n", re.MULTILINE)


class SpokenCommand(TyperCommand):
    """A command whose help is in the person's language."""

    def get_help(self, ctx: click.Context) -> str:
        """Return the help, as the framework lays it out."""
        for param in self.params:  # click 8.5 loses their help, and shows what it has twice
            if isinstance(param, TyperArgument) and not param.help:
                param.help = _written_help(self.callback, param.name)
        return _framed(TWICE.sub("", super().get_help(ctx)))


class SpokenGroup(TyperGroup):
    """A group of commands whose help is in the person's language."""

    def get_help(self, ctx: click.Context) -> str:
        """Return the help, as the framework lays it out."""
        return _framed(super().get_help(ctx))


def spoken(app: typer.Typer) -> typer.Typer:
    """Return the application, every command of it speaking the person's language."""
    for command in app.registered_commands:
        command.cls = SpokenCommand
    for group in app.registered_groups:
        group.cls = SpokenGroup
        if group.typer_instance:
            spoken(group.typer_instance)
    return app


def complaint(error: click.ClickException) -> BaozhangError:
    """Return the framework's complaint as an error of our own."""
    if unreadable := UNREADABLE.fullmatch(error.format_message()):
        return SourceUnreadableError(
            "{path} cannot be read: {reason}",
            hint="Check that it exists, is mounted and may be read by this account.",
            path=unreadable["path"],
            reason=os.strerror(errno.EACCES),
        )
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "baozhang"
    hint = "Run `{command} --help` to see what can be typed."
    text = error.format_message()
    for pattern, template in COMPLAINT_TEMPLATES.items():
        if found := re.fullmatch(pattern, text, re.DOTALL):
            facts = {name: value.replace("'", "") for name, value in found.groupdict().items()}
            return UsageError(template, hint=hint, command=command, **facts)
    return UsageError("{complaint}", hint=hint, command=command, complaint=text)


def _written_help(callback: Callable[..., object] | None, name: str | None) -> str | None:
    """Return the help that stands at a parameter of a command's function."""
    hints = get_type_hints(callback, include_extras=True) if callback else {}
    infos = (one for one in get_args(hints.get(name or "")) if isinstance(one, ArgumentInfo))
    return next((info.help for info in infos), None)


def json_text(value: Mapping[str, object]) -> str:
    """Return a value as one line of JSON that any standard output can carry."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return json.dumps(value, ensure_ascii=not unicode, default=str)


def printable(text: str) -> str:
    """Return a text whose control characters do nothing to a terminal; line ends stay.

    Names come from disks and files: an escape sequence in one must not paint the screen, and a
    byte that is no text must not stop the message.
    """
    sound = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(
        sign if sign.isprintable() or sign == "\n" else ascii(sign)[1:-1] for sign in sound
    )


def _framed(text: str) -> str:
    for pattern, template in FRAME_TEMPLATES.items():
        text = re.sub(pattern, say(template), text, flags=re.MULTILINE)
    return text
