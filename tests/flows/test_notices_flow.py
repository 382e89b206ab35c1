"""The flow of notices, under a real server of Prefect: what the schedule starts."""

from pathlib import Path

import pytest

from baozhang.errors import CorruptObjectError
from baozhang.incidents.incidents import incidents_of
from baozhang.wiring import open_site
from flows.notices import notices
from tasks.notices import Ticked

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("server")]


def opened(home: Path, client: str) -> Path:
    with open_site(home) as site:
        return (
            incidents_of(site)
            .open("lost", [(client, "main")], noticed_by="zhang", discovered=site.clock())[0]
            .folder
        )


def test_every_incident_is_looked_at(home: Path) -> None:
    opened(home, "c001")
    opened(home, "c002")
    drafted = Ticked(drafted=("clients-1",))
    assert notices() == (drafted, drafted)
    assert notices() == (Ticked(), Ticked())


def test_without_an_incident_it_ends_at_once(home: Path) -> None:
    assert notices() == ()


def test_an_incident_that_cannot_be_read_holds_back_no_other(home: Path) -> None:
    broken, sound = opened(home, "c001"), opened(home, "c002")
    (broken / "opening.json").write_text("{}", "utf-8")
    with pytest.raises(CorruptObjectError):
        notices()
    assert (sound / "notice-clients-1.json").exists()
