"""When a notice is written anew, at which stage it is, and for whom: drafts, nothing else.

A draft that nobody has approved follows what is known; one that was approved stays as it is until
its letters are out, unless its very words would differ by now.
"""

from baozhang.incidents.incidents import Incident
from baozhang.incidents.model import Plan
from baozhang.incidents.notices import (
    CLIENTS,
    DRAFTED,
    FINAL,
    REPORTS,
    Draft,
    Handed,
    News,
    Stage,
    about,
    clients_of,
    handed,
    matter,
    news_of,
    significant,
    told_clients,
)
from baozhang.incidents.timeline import service_checked
from baozhang.site import Site
from reports.notice import words_of
from tasks.gate import gate as masking_gate
from tasks.notice_words import addressed

AHEAD = 3 / 4
"""Of the promised interval: then progress is drafted, so that there is time to approve it."""


def is_due(site: Site, incident: Incident, draft: Draft, *, approved: bool) -> bool:
    """Tell whether a notice is to be drafted anew: it says something else, or its time has come."""
    letters = letters_of(site, incident, draft.notice, draft)
    if not letters:
        return False
    if not is_out(incident, draft):
        if approved:
            return not _begun(incident, draft) and _words(site, draft.letters) != draft.words
        return matter(letters) != matter(draft.letters)
    if draft.notice == CLIENTS:
        return _client_due(site, incident, draft, letters)
    return draft.notice in REPORTS and significant(letters) != significant(draft.letters)


def _client_due(site: Site, incident: Incident, draft: Draft, letters: tuple[News, ...]) -> bool:
    stage = letters[0].stage
    if draft.stage in ("recovered", "follow-up"):
        return stage == "follow-up" and draft.stage == "recovered"
    if stage == "recovered":
        return True
    then, now = draft.letters[0], letters[0]
    if then.scoped != now.scoped or _steps(then) != _steps(now):
        return True
    told = max((e.sent for e in _of(incident, draft) if e.sent), default=None)
    every = site.agency.file.notices.every
    return told is not None and site.clock() >= told + every * AHEAD


def _steps(news: News) -> tuple[str, ...]:
    """Return the milestones worth a letter of progress; of a cut-over another letter tells."""
    return tuple(each.name for each in news.passed if each.name not in ("cut-over", "closed"))


def letters_of(site: Site, incident: Incident, notice: str, last: Draft | None) -> tuple[News, ...]:
    """Return the letters that a notice would have now; none: there is nobody to tell."""
    news = news_of(incident, site.agency.file.notices, site.clock())
    plain = news.model_copy(
        update={"notice": notice, "stage": stage_of(site, incident, notice, last, news)}
    )
    if notice != CLIENTS:
        return (plain,)
    plan = incident.value("plan", Plan) if incident.has("plan") else None
    hit = dict.fromkeys((*clients_of(incident), *told_clients(incident)))
    clients = [each for each in hit if each in site.agency.clients]
    everybody = frozenset(site.agency.clients)
    letters = (about(plain, each, plan, sorted(everybody - {each})) for each in clients)
    return tuple(each for each in letters if each.stage != "follow-up" or each.put)


def stage_of(site: Site, incident: Incident, notice: str, last: Draft | None, news: News) -> Stage:
    """Return at which stage a notice is, from what was told and how far the recovery has come."""
    told = last is not None and is_out(incident, last)
    if notice == FINAL:
        return "final"
    if notice != CLIENTS:
        return "supplement" if told or (last and last.stage == "supplement") else "first"
    back = news.reached("cut-over")
    after = site.agency.file.notices.follow_up
    if told and last and last.stage in ("recovered", "follow-up"):
        over = back is not None and site.clock() >= back + after
        return "follow-up" if over or last.stage == "follow-up" else "recovered"
    if last and last.stage == "follow-up":
        return "follow-up"
    if news.reached("closed") or (back and service_checked(incident.journal.events())):
        return "recovered"
    return "progress" if told or (last and last.stage == "progress") else "first"


def drafted(
    site: Site, incident: Incident, notice: str, last: Draft | None, actor: str
) -> Draft | None:
    """Keep a new draft; None: there is nobody to tell."""
    number = last.number + 1 if last else 1
    letters = tuple(
        each.model_copy(update={"number": number})
        for each in letters_of(site, incident, notice, last)
    )
    if not letters:
        return None
    draft = Draft(
        notice=notice,
        number=number,
        stage=letters[0].stage,
        letters=letters,
        words=_words(site, letters),
    )
    incident.keep(draft.name, draft, actor=actor)
    incident.journal.append(
        DRAFTED,
        actor=actor,
        notice=notice,
        number=number,
        stage=draft.stage,
        letters=len(letters),
    )
    return draft


def _words(site: Site, letters: tuple[News, ...]) -> tuple[str, ...]:
    masks = masking_gate(site)
    return tuple(words_of(each, addressed(site, each, masks), masks) for each in letters)


def _of(incident: Incident, draft: Draft) -> list[Handed]:
    return [e for e in handed(incident) if (e.notice, e.number) == (draft.notice, draft.number)]


def is_out(incident: Incident, draft: Draft) -> bool:
    """Tell whether every letter of a draft has gone out."""
    gone = {each.client for each in _of(incident, draft) if each.sent}
    return all(news.client in gone for news in draft.letters)


def _begun(incident: Incident, draft: Draft) -> bool:
    return any(each.sent for each in _of(incident, draft))
