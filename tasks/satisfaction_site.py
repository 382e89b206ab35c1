"""What a site knows of its clients' voice: registers read together, incidents as surveys see them.

Everything else of this duty asks here, so that one run judges by one state of the registers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from baozhang.clock import business_day
from baozhang.errors import UsageError
from baozhang.governance.voice.calendar import Hit
from baozhang.governance.voice.records import (
    ANSWERS,
    AUDIENCE,
    CALLBACKS,
    IMPROVEMENTS,
    INVITATIONS,
    ISSUES,
    WAVES,
    Answer,
    Audience,
    Callback,
    Improvement,
    Invitation,
    Issue,
    Wave,
)
from baozhang.governance.voice.taking import Known
from baozhang.incidents.incidents import CLOSED, Incident, incidents_of
from baozhang.site import Site

ACTOR = "satisfaction"
"""Who writes what nobody in particular wrote."""


@dataclass(frozen=True, slots=True)
class Voice:
    """All registers of one instant, by id."""

    day: date
    audience: Mapping[str, Audience]
    waves: Mapping[str, Wave]
    invitations: Mapping[str, Invitation]
    answers: Mapping[str, Answer]
    issues: Mapping[str, Issue]
    calls: Mapping[str, Callback]
    improvements: Mapping[str, Improvement]

    @property
    def known(self) -> Known:
        """What new answers are held against."""
        return Known(self.waves, self.invitations, self.answers)

    def asked_in(self, wave: str) -> list[Invitation]:
        """Return who was asked in a wave."""
        return [each for each in self.invitations.values() if each.wave == wave]

    def answers_of(self, wave: str) -> list[Answer]:
        """Return what was answered in a wave, oldest first."""
        found = (each for each in self.answers.values() if each.wave == wave)
        return sorted(found, key=lambda each: each.answered_at)

    def open_waves(self) -> dict[str, Wave]:
        """Return the waves that take answers today."""
        return {
            id_: each for id_, each in self.waves.items() if each.opens <= self.day <= each.closes
        }

    def wave(self, id_: str) -> Wave:
        """Return a wave.

        Raises:
            UsageError: there is none of this id.
        """
        if id_ not in self.waves:
            raise UsageError(
                "there is no round of questions {wave}",
                hint="Choose one from `baozhang survey list`.",
                wave=id_[:40],
            )
        return self.waves[id_]


def voice_of(site: Site) -> Voice:
    """Return what the registers hold now.

    Raises:
        CorruptObjectError: a register was changed by hand.
    """
    return Voice(
        day=business_day(site.clock()),
        audience=AUDIENCE.rows(site),
        waves=WAVES.rows(site),
        invitations=INVITATIONS.rows(site),
        answers=ANSWERS.rows(site),
        issues=ISSUES.rows(site),
        calls=CALLBACKS.rows(site),
        improvements=IMPROVEMENTS.rows(site),
    )


def hits_of(site: Site) -> tuple[Hit, ...]:
    """Return the incidents of a site, drills aside, oldest first."""
    found = incidents_of(site).all()
    return tuple(_hit(site, each) for each in found if not each.opening().drill)


def open_hits(hits: Iterable[Hit]) -> frozenset[str]:
    """Return the clients that an open incident hits."""
    return frozenset(client for each in hits if each.ended is None for client in each.clients)


def _hit(site: Site, incident: Incident) -> Hit:
    opening = incident.opening()
    clients = frozenset(client for client, _ in opening.sets if client in site.agency.clients)
    ends = [each.at for each in incident.journal.events() if each.kind == CLOSED]
    ended = business_day(ends[-1]) if ends else None
    return Hit(incident.id, clients, business_day(opening.discovered), ended)


def manager_of(site: Site) -> str:
    """Return who answers for clients.

    Raises:
        UsageError: nobody does.
    """
    owner = site.agency.owner("client_manager")
    if not owner:
        raise UsageError(
            "nobody answers for clients",
            hint="Name one in governance.owners.client_manager of agency.yaml.",
        )
    return owner
