"""The half of `baozhang notice` that needs the duties' steps: loaded when a command runs."""

from tasks.gates import decide as decide_gate
from tasks.gates import request_of, standing_of
from tasks.notice_sending import record
from tasks.notice_words import GATE, required, text_of
from tasks.notices import Ticked, pending, picture, tick
from tasks.people import require_person

__all__ = [
    "GATE",
    "Ticked",
    "decide_gate",
    "pending",
    "picture",
    "record",
    "request_of",
    "require_person",
    "required",
    "standing_of",
    "text_of",
    "tick",
]
