"""The half of `baozhang review` that needs the duties' steps: loaded when a command runs."""

from baozhang.cli.review_files import filled_in, write_form, write_lists
from tasks.gate import gate
from tasks.recovery_letters import recovery_of, rekey_of, timeline
from tasks.review import (
    add_action,
    ask_signature,
    finish_action,
    holder,
    name_leader,
    open_actions,
    publish,
    remind,
    review_draft,
    say_it,
    unsay,
)

__all__ = [
    "add_action",
    "ask_signature",
    "filled_in",
    "finish_action",
    "gate",
    "holder",
    "name_leader",
    "open_actions",
    "publish",
    "recovery_of",
    "rekey_of",
    "remind",
    "review_draft",
    "say_it",
    "timeline",
    "unsay",
    "write_form",
    "write_lists",
]
