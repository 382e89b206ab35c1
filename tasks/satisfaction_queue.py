"""The queue of what clients are owed: issues with their clock, calls, improvements.

answer ──low──► call owed ──► called, or tried
complaint, question, request ──► answered ──► resolved ──► confirmed by the client
improvement ──► the next round shows whether its measure moved
"""

from datetime import date

from baozhang.errors import UsageError
from baozhang.governance.voice.follow import calls, issue
from baozhang.governance.voice.records import (
    ANSWERS,
    CALLBACKS,
    IMPROVEMENTS,
    ISSUES,
    Callback,
    Improvement,
    Issue,
    IssueClass,
    Measure,
    Outcome,
    next_id,
)
from baozhang.governance.voice.rules import rules
from baozhang.governance.voice.themes import dictionary
from baozhang.incidents.incidents import incidents_of
from baozhang.registers import AnyRegister
from baozhang.site import Site
from tasks.people import require_person
from tasks.satisfaction_site import ACTOR, manager_of, voice_of

ISSUE, IMPROVEMENT = "f", "m"


def owe_calls(site: Site) -> int:
    """Note the calls that low scores ask for; return how many are new.

    Raises:
        UsageError: nobody answers for clients.
    """
    voice = voice_of(site)
    owed = calls(voice.answers, voice.calls, owner=manager_of(site), rules=rules())
    CALLBACKS.put(site, owed, by=ACTOR)
    return len(owed)


def called(site: Site, id_: str, *, by: str, outcome: Outcome, note: str = "") -> Callback:
    """Note that somebody called; a client that was not reached is still owed a call.

    Raises:
        UsageError: nobody of the agency, or no call of this id is owed.
    """
    require_person(site, by)
    found = voice_of(site).calls.get(id_)
    if found is None:
        raise UsageError(
            "no call-back {id} is noted",
            hint="Choose one from `baozhang survey call-back`.",
            id=id_[:63],
        )
    day = voice_of(site).day
    done = None if outcome == "not-reached" else day
    row = found.model_copy(update={"done": done, "outcome": outcome, "note": note})
    CALLBACKS.put(site, {id_: row}, by=by)
    return row


def open_issue(
    site: Site, client: str, kind: IssueClass, text: str, *, by: str, linked: str = ""
) -> tuple[str, Issue]:
    """Note an issue of a client; its clock begins today.

    Raises:
        UsageError: no such client, nobody of the agency, no text, or a link to nothing.
    """
    site.client(client)
    require_person(site, by)
    _require_text(text)
    if linked and linked not in ANSWERS.rows(site):
        incidents_of(site).get(linked)
    day = voice_of(site).day
    row = issue(
        client, kind, text, opened=day, owner=manager_of(site), rules=rules(), linked=linked
    )
    id_ = _new_id(site, ISSUES, ISSUE)
    ISSUES.put(site, {id_: row}, by=by)
    return id_, row


def move_issue(
    site: Site,
    id_: str,
    *,
    by: str,
    answered: bool = False,
    resolved: bool = False,
    confirmed: bool = False,
    owner: str = "",
) -> Issue:
    """Note how far an issue is; who resolves it has answered it.

    Raises:
        UsageError: nobody of the agency, or no such issue; a client confirms what is not resolved.
    """
    require_person(site, by)
    if owner:
        require_person(site, owner)
    found = voice_of(site).issues.get(id_)
    if found is None:
        raise UsageError(
            "there is no issue {id}",
            hint="Choose one from `baozhang survey issues`.",
            id=id_[:63],
        )
    day = voice_of(site).day
    changes: dict[str, date | bool | str] = {}
    if (answered or resolved) and found.answered is None:
        changes["answered"] = day
    if resolved and found.resolved is None:
        changes["resolved"] = day
    if confirmed:
        if not (resolved or found.resolved):
            raise UsageError(
                "a client confirms only what is resolved", hint="Add --resolved as well."
            )
        changes["confirmed"] = True
    if owner:
        changes["owner"] = owner
    row = found.model_copy(update=changes)
    ISSUES.put(site, {id_: row}, by=by)
    return row


def improve(
    site: Site,
    wave: str,
    measure: Measure,
    action: str,
    *,
    owner: str,
    due: date,
    by: str,
    theme: str = "",
) -> tuple[str, Improvement]:
    """Note what is done because of a wave's answers, and the measure that is to move by it.

    Raises:
        UsageError: no such wave or theme, nobody of the agency, or no text.
    """
    require_person(site, by)
    require_person(site, owner)
    voice = voice_of(site)
    voice.wave(wave)
    _require_text(action)
    if due < voice.day:
        raise UsageError(
            "{day} has passed: nothing can be due then",
            hint="Give a day to come with --due.",
            day=due,
        )
    if theme and theme not in dictionary():
        raise UsageError(
            "there is no theme {theme}",
            hint="Choose one of {known}.",
            theme=theme[:40],
            known=", ".join(dictionary()),
        )
    row = Improvement(action=action, wave=wave, measure=measure, theme=theme, owner=owner, due=due)
    id_ = _new_id(site, IMPROVEMENTS, IMPROVEMENT)
    IMPROVEMENTS.put(site, {id_: row}, by=by)
    return id_, row


def improved(site: Site, id_: str, *, by: str) -> Improvement:
    """Note that an improvement is in place; the next round shows whether it moved anything.

    Raises:
        UsageError: nobody of the agency, or no such improvement.
    """
    require_person(site, by)
    voice = voice_of(site)
    found = voice.improvements.get(id_)
    if found is None:
        raise UsageError(
            "there is no improvement {id}",
            hint="Choose one from `baozhang survey improve`.",
            id=id_[:63],
        )
    row = found.model_copy(update={"done": found.done or voice.day})
    IMPROVEMENTS.put(site, {id_: row}, by=by)
    return row


def _new_id(site: Site, register: AnyRegister, prefix: str) -> str:
    """Return the next id; one that has ended is not given again."""
    return next_id(prefix, {each.id for each in register.history(site)})


def _require_text(text: str) -> None:
    if not text.strip():
        raise UsageError("there is no text", hint='Say what it is: `--text "..."`.')
