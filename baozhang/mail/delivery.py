"""The postman: carries what is due from the outbox to the server, and notes every answer.

    outbox ──► due? ──► limits ──► server ──┬─► accepted: sent
                                            ├─► refused for good: parked, the others get theirs
                                            ├─► refused for now: later, and later, for five days
                                            └─► nothing goes: all wait, in their order

A letter is sent at least once.  The server's answer is written down right after it came; a process
that dies between the two sends the letter again, and its Message-ID is the same, so that whoever
reads it, or a mailbox that looks, sees one letter.

Who has the letter does not get it again when another recipient's is tried again.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Literal, Self

from baozhang.clock import Clock
from baozhang.errors import UnreachableError, UsageError
from baozhang.mail.backoff import Jitter
from baozhang.mail.outbox import Outbox
from baozhang.mail.queued import Queued
from baozhang.mail.smtp import NO_REPLY, Account, Answer, Reply, Session
from baozhang.mail.throttle import Limits, Throttle
from baozhang.mail.trouble import ServerTrouble, after
from baozhang.policies.pace import Window

Pause = Callable[[float], None]
"""Waits so many seconds."""
Hold = Literal["now", "digest", "quiet", "later", "server", "nobody"]
"""Why a letter waits: it does not; for its digest; for the end of quiet hours; for its own next
attempt; for the server's; nobody carries letters here."""

PATIENCE = timedelta(minutes=4)  # a run waits no longer for the limits: the next one comes in 5
BREAKS_MOST = 2  # one letter may break a conversation; two in a row are the server's doing


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one run did; letters by name."""

    sent: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()  # in this run
    waiting: int = 0  # what is left in the outbox
    trouble: ServerTrouble | None = None
    newly_pressing: bool = False  # the trouble became a matter for a person in this run
    limited: bool = False  # the provider's limits are used up for now


class Postman:
    """Delivers the letters of one outbox to one server."""

    def __init__(
        self,
        outbox: Outbox,
        account: Account,
        limits: Limits,
        *,
        quiet: Window | None,
        clock: Clock,
        jitter: Jitter,
        pause: Pause,
    ) -> None:
        self.outbox = outbox
        self.account = account
        self.throttle = Throttle(outbox.folder, limits)
        self.clock = clock
        self.jitter = jitter
        self.pause = pause
        self._quiet = quiet

    def deliver(self, *, only: Collection[str] = (), hurry: bool = False) -> Delivery:
        """Send what is due.

        Args:
            only: letters by name that go now, whatever they wait for; empty: all that are due.
            hurry: do not wait for the next attempt's turn, neither the letters' nor the server's.

        Raises:
            UnreachableError: another process delivers, or the outbox cannot be used.  A server
                that does not answer is no error but part of what is returned.
        """
        with self.outbox.locked():
            self._tidy()
            before = self.outbox.trouble()
            with _Line(self.account) as line:
                round_ = _Round(self, line, self.clock() + PATIENCE, hurry=hurry or bool(only))
                after = round_.carry_all(self.turn(only=only, hurry=hurry), before)
            self.outbox.keep_trouble(after)
            self.outbox.keep_round(self.clock())
            pressing = bool(after and after.pressing)
            return Delivery(
                sent=tuple(round_.sent),
                parked=tuple(round_.parked),
                waiting=len(self.outbox.letters("waiting")),
                trouble=after,
                newly_pressing=pressing and not (before and before.pressing),
                limited=round_.limited,
            )

    def held(self, letter: Queued) -> Hold:
        """Return what a waiting letter waits for at this instant."""
        now = self.clock()
        if letter.urgency == "digest":
            return "digest"
        if letter.urgency != "incident" and self._quiet and self._quiet.is_open(now):
            return "quiet"
        if not letter.waiting(now):
            return "later"
        known = self.outbox.trouble()
        return "server" if known and known.holds(now) else "now"

    def turn(self, *, only: Collection[str] = (), hurry: bool = False) -> list[Queued]:
        """Return the letters that go now, in their order; see `deliver`."""
        waits: set[Hold] = {"digest", "quiet"} if hurry else {"digest", "quiet", "later", "server"}
        return [
            each
            for each in self.outbox.letters("waiting")
            if each.state == "waiting"
            and (each.name in only if only else self.held(each) not in waits)
        ]

    def _tidy(self) -> None:
        """Move the letters whose state was written by a process that died right after."""
        for letter in self.outbox.letters("waiting"):
            if letter.state != "waiting":
                self.outbox.keep(letter)


@dataclass(slots=True)
class _Round:
    """One run over the letters whose turn it is."""

    postman: Postman
    line: "_Line"
    until: datetime  # no waiting for the limits beyond this instant
    hurry: bool
    sent: list[str] = field(default_factory=list)
    parked: list[str] = field(default_factory=list)
    broken: list[UnreachableError] = field(default_factory=list)  # in a row
    limited: bool = False

    def carry_all(
        self, letters: list[Queued], before: ServerTrouble | None
    ) -> ServerTrouble | None:
        """Send one letter after the other; return what is wrong with the server by then."""
        postman, known = self.postman, before
        try:
            for letter in letters:
                self._carry(letter)
                if self.limited:
                    break
                known = known if self.broken else None
        except (UnreachableError, UsageError) as error:  # of the server, not of a letter
            return after(error, known, postman.clock(), postman.jitter)
        return known

    def _carry(self, letter: Queued) -> None:
        """Send a letter to all whose turn it is, and keep every answer as it comes.

        A letter that is refused as a whole is sent once more to each by themselves: then it comes
        out whose fault it is.
        """
        content = letter.path.read_bytes()
        clock = self.postman.clock
        groups = [letter.waiting(clock(), hurry=self.hurry)]
        while groups:
            if not self._may_send(letter):
                self.limited = True
                break
            group = groups.pop(0)
            answer = self._answer(letter.sender, group, content)
            alone = answer.together if len(group) > 1 else ()
            groups += [[each] for each in alone]
            replies = {who: its for who, its in answer.replies.items() if who not in alone}
            letter = letter.answered(replies, clock(), self.postman.jitter)
            self.postman.outbox.keep(letter)
            self._note(letter, replies)
        if len(self.broken) == BREAKS_MOST:
            raise self.broken[-1]

    def _answer(self, sender: str, group: list[str], content: bytes) -> Answer:
        """Return the server's answer, or that none came: then this letter waits a while."""
        try:
            answer = self.line.send(sender, group, content)
        except UnreachableError as error:
            if self.line.refused or not error.transient:
                raise
            self.broken.append(error)
            return Answer(dict.fromkeys(group, NO_REPLY))
        self.broken.clear()
        return answer

    def _note(self, letter: Queued, replies: Mapping[str, Reply]) -> None:
        states = {each.state for each in letter.recipients if each.address in replies}
        if letter.state == "sent":
            self.sent.append(letter.name)
        if "parked" in states and letter.name not in self.parked:
            self.parked.append(letter.name)

    def _may_send(self, letter: Queued) -> bool:
        """Count the message, waiting for the limits as long as this run may."""
        self.line.open()  # a server that is away must not use up the day
        postman, urgent = self.postman, letter.urgency == "incident"
        while wait := postman.throttle.take(postman.clock(), urgent=urgent):
            if postman.clock() + wait > self.until:
                return False
            self.line.close()
            postman.pause(wait.total_seconds())
        return True


class _Line:
    """A conversation that is opened when it is needed, and once more when it has worn out."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._session: Session | None = None
        self._used = False
        self.refused = False  # the last conversation could not even be opened

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> Session:
        """Return the conversation at hand, or a new one."""
        if self._session is None:
            self.refused, self._used = True, False
            self._session = Session(self._account)
            self.refused = False
        return self._session

    def close(self) -> None:
        """End the conversation at hand."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def send(self, sender: str, group: list[str], content: bytes) -> Answer:
        """Send one message; servers end a conversation after so many, and the next one begins."""
        try:
            return self._handed(sender, group, content)
        except UnreachableError as error:
            if not (self._used and error.transient):
                raise
        return self._handed(sender, group, content)

    def _handed(self, sender: str, group: list[str], content: bytes) -> Answer:
        """Send one message in the conversation at hand; one that breaks is not used again."""
        try:
            answer = self.open().send(sender, group, content)
        except UnreachableError:
            self.close()
            raise
        self._used = True
        return answer
