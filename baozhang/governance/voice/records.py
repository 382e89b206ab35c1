"""What is kept of the client's voice, as registers: row models, ids, and the registers themselves.

audience      c001                   may this client be asked, how, in which language
waves         w-2026h2               one round of questions; w-i-20261122-01-90 after an incident
invitations   w-2026h2-c001          who was asked, with which reference code
answers       w-2026h2-c001          at most one of a client in a wave: the id says both
issues        f-0001                 complaints, questions and requests, with their clock
callbacks     w-2026h2-c001          a call that a low score asks for
improvements  m-0001                 what is done, and the measure that is to move by it
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from baozhang.registers import Register, Row
from baozhang.settings import Language
from baozhang.settings.values import Id

Channel = Literal["mail", "phone", "none"]
"""How a client wants to be asked."""
WaveKind = Literal["half-yearly", "after-incident"]
Through = Literal["page", "import", "phone"]
"""How an answer came: from the agency's page, in any other file, told by telephone."""
IssueClass = Literal["complaint", "question", "request"]
State = Literal["open", "answered", "resolved"]
Outcome = Literal["", "settled", "promised", "not-reached"]
Measure = Literal["csat", "nps", "ces"]
MEASURES: tuple[Measure, ...] = ("csat", "nps", "ces")

LONGEST_ID = 63
LONGEST_TEXT = 4000  # characters of a comment; a page of a letter

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Free = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Audience(Row):
    """Whether a client may be asked; the row's id is the client's.

    Attributes:
        consent: it agreed to be asked; without a row it did not.
        since: since when that is known.
        language: of letters and calls; None: that of its contact, else the agency's.
    """

    consent: bool
    since: date
    channel: Channel = "mail"
    language: Language | None = None


class Wave(Row):
    """One round of questions.

    Attributes:
        opens, closes: the days on which answers count, both included, Asia/Shanghai.
        questions: version of the questionnaire.
        form: SHA-256 of that version: nobody can change the wording while answers come in.
        audience: how many were asked.
        excluded: why others were not, as `reason=count`.
        incident: id of the incident it follows, or "".
    """

    kind: WaveKind
    opens: date
    closes: date
    questions: str
    form: Digest
    audience: Annotated[int, Field(ge=0)]
    excluded: tuple[str, ...] = ()
    incident: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> "Wave":
        if self.closes < self.opens:
            raise ValueError("closes before it opens")
        return self


class Invitation(Row):
    """That a client was asked in a wave.

    Attributes:
        code: what it gives with its answer, instead of a name; random, said to nobody else.
        questions, form: the version it was asked, and its SHA-256; those that an incident did not
            hit are asked nothing about it.
        reminded: the day of the one reminder; None: there was none.
    """

    wave: Id
    client: Id
    questions: str
    form: Digest
    asked: date
    channel: Channel
    code: Annotated[str, Field(pattern=r"^[a-hjkmnp-z2-9]{10}$")]
    reminded: date | None = None


class Answer(Row):
    """What a client answered; at least one of the figures or the comment is there.

    Attributes:
        csat: satisfaction, 1 (very dissatisfied) to 5 (very satisfied).
        nps: would recommend us, 0 to 10.
        ces: was easy to deal with, 1 (not at all) to 7 (entirely).
        comment: free text of the client.
        recorded_by: id of the person who heard or imported it, or of the run that took it.
    """

    wave: Id
    client: Id
    answered_at: datetime
    channel: Through
    csat: Annotated[int, Field(ge=1, le=5)] | None = None
    nps: Annotated[int, Field(ge=0, le=10)] | None = None
    ces: Annotated[int, Field(ge=1, le=7)] | None = None
    comment: Free = ""
    recorded_by: str

    @model_validator(mode="after")
    def _says_something(self) -> "Answer":
        if (self.csat, self.nps, self.ces, self.comment) == (None, None, None, ""):
            raise ValueError("says nothing")
        return self

    def score(self, measure: Measure) -> int | None:
        """Return the figure of a measure; None: not answered."""
        return {"csat": self.csat, "nps": self.nps, "ces": self.ces}[measure]


class Issue(Row):
    """A complaint, a question or a request of a client.

    Attributes:
        text: what it is, in a person's words.
        answer_due, due: by when it is answered, and resolved.
        answered, resolved: when it was; None: not yet.
        confirmed: the client says itself that it is resolved.
        linked: id of the answer or the incident it came from, or "".
    """

    client: Id
    kind: IssueClass
    text: Free
    opened: date
    owner: str
    answer_due: date
    due: date
    answered: date | None = None
    resolved: date | None = None
    confirmed: bool = False
    linked: str = ""

    @property
    def state(self) -> State:
        """How far it is."""
        return "resolved" if self.resolved else "answered" if self.answered else "open"

    def overdue(self, day: date) -> bool:
        """Tell whether what comes next should have come before this day."""
        if self.resolved:
            return False
        return day > self.due or (self.answered is None and day > self.answer_due)


class Callback(Row):
    """A call that somebody owes a client after a low score; the row's id is the answer's.

    Attributes:
        why: the figures that were low, e.g. `csat=2`.
        done: the day it took place, or was tried for the last time.
        outcome: what came of it; free text of the person who called stands in `note`.
    """

    client: Id
    wave: Id
    why: tuple[str, ...]
    owner: str
    due: date
    done: date | None = None
    outcome: Outcome = ""
    note: Free = ""

    def overdue(self, day: date) -> bool:
        """Tell whether it should have taken place before this day."""
        return self.done is None and day > self.due


class Improvement(Row):
    """Something that is done because of answers, and the measure that is to move by it.

    Attributes:
        wave: whose answers asked for it; the next of the same kind shows whether it moved.
        measure: what is to rise.
        theme: id of the theme it is about, or "".
    """

    action: Free
    wave: Id
    measure: Measure
    theme: str = ""
    owner: str
    due: date
    done: date | None = None


AUDIENCE = Register("audience", Audience, "who may be asked")
WAVES = Register("waves", Wave, "rounds of questions")
INVITATIONS = Register("invitations", Invitation, "who was asked")
ANSWERS = Register("answers", Answer, "answers of clients")
ISSUES = Register("issues", Issue, "complaints, questions and requests of clients")
CALLBACKS = Register("callbacks", Callback, "call-backs after low scores")
IMPROVEMENTS = Register("improvements", Improvement, "improvements that answers asked for")
REGISTERS = (AUDIENCE, WAVES, INVITATIONS, ANSWERS, ISSUES, CALLBACKS, IMPROVEMENTS)


def answer_id(wave: str, client: str) -> str:
    """Return the id under which a client's part in a wave stands: there can be but one."""
    whole = f"{wave}-{client}"
    if len(whole) <= LONGEST_ID:
        return whole
    return f"{wave}-{hashlib.sha256(client.encode()).hexdigest()[:20]}"


def next_id(prefix: str, known: Iterable[str]) -> str:
    """Return the next free id of a kind: `f-0007`; `known` must hold ended rows too."""
    form = re.compile(rf"{re.escape(prefix)}-(\d+)")
    highest = max((int(found[1]) for id_ in known if (found := form.fullmatch(id_))), default=0)
    return f"{prefix}-{highest + 1:04d}"
