"""Who reads a letter follows from its kind, the site file, and whether it reports trouble."""

from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.mail.message import Urgency
from baozhang.mail.readers import readers, urgency, with_pdf
from baozhang.settings import Agency, LetterKind, load_agency
from tests.flows.site import AGENCY, add_client

PEOPLE = """\
people:
  zhang: {name: 张三, email: zhang@example.cn, roles: [operator, accountant]}
  wang: {name: Wang, email: wang@example.cn, roles: [manager], language: en}
  li: {name: 李四, email: li@example.cn, roles: [auditor]}
  zhao: {name: 赵六, email: zhao@example.cn, roles: [manager, operator]}
"""
CONTACT = "contact: {name: 陈总, email: chen@client.example, language: en}\n"


def site(home: Path, *, mail: str = "", alerts: str = "", contact: str = "") -> Agency:
    """Return a site with four people and one client."""
    head, _, rest = AGENCY.partition("people:\n")
    written = head + PEOPLE + rest[rest.index("vaults:") :]
    written = written.replace("mail: {sender", f"mail: {{{mail}sender") + alerts
    for folder in ("clients", "books"):
        (home / folder).mkdir(parents=True)
    (home / "agency.yaml").write_text(written, "utf-8")
    add_client(home, "c001")
    with (home / "clients" / "c001.yaml").open("a", encoding="utf-8") as file:
        file.write(contact)
    return load_agency(home)


def who(agency: Agency, kind: LetterKind, *, step: int = 0) -> list[tuple[str, list[str]]]:
    copies = readers(agency, kind, client=agency.clients["c001"], step=step)
    return [
        (copy.language, [each.address.partition("@")[0] for each in copy.people]) for copy in copies
    ]


@pytest.mark.parametrize("kind", ["night", "validation", "restore-test"])
def test_managers_and_operators_read_of_the_runs(tmp_path: Path, kind: LetterKind) -> None:
    assert who(site(tmp_path), kind) == [("en", ["wang"]), ("zh_CN", ["zhao", "zhang"])]


def test_managers_read_of_the_month(tmp_path: Path) -> None:
    assert who(site(tmp_path), "monthly") == [("en", ["wang"]), ("zh_CN", ["zhao"])]


def test_a_statement_goes_to_the_clients_contact_in_their_language(tmp_path: Path) -> None:
    assert who(site(tmp_path, contact=CONTACT), "client-statement") == [("en", ["chen"])]


def test_without_a_contact_the_lead_hands_the_statement_over(tmp_path: Path) -> None:
    assert who(site(tmp_path), "client-statement") == [("zh_CN", ["zhang"])]


def test_a_certificate_goes_to_the_lead_and_the_auditors(tmp_path: Path) -> None:
    assert who(site(tmp_path), "certificate") == [("zh_CN", ["zhang", "li"])]


def test_the_site_file_says_otherwise(tmp_path: Path) -> None:
    agency = site(tmp_path, mail="letters: {night: {to: [auditor]}}, ")
    assert who(agency, "night") == [("zh_CN", ["li"])]


@pytest.mark.parametrize(
    ("step", "people"),
    [(0, "zhang"), (1, "li"), (2, "li"), (9, "li")],
)
def test_an_alert_goes_up_step_by_step(tmp_path: Path, step: int, people: str) -> None:
    agency = site(tmp_path, alerts="alerts: {steps: [accountant, auditor]}\n")
    assert who(agency, "alert", step=step) == [("zh_CN", [people])]


def test_a_step_that_nobody_has_is_passed_over(tmp_path: Path) -> None:
    agency = site(tmp_path, alerts="alerts: {steps: [on_call, auditor, approver]}\n")
    assert who(agency, "alert") == [("zh_CN", ["li"])]
    assert who(agency, "alert", step=2) == [("zh_CN", ["li"])]


def test_who_has_two_of_the_roles_gets_one_letter(tmp_path: Path) -> None:
    people = [name for _, names in who(site(tmp_path), "night") for name in names]
    assert people.count("zhao") == 1


def test_a_letter_that_nobody_would_read_is_refused(tmp_path: Path) -> None:
    agency = site(tmp_path, mail="letters: {night: {to: [approver]}}, ")
    with pytest.raises(UsageError):
        readers(agency, "night")


@pytest.mark.parametrize(
    ("kind", "trouble", "when"),
    [
        ("night", False, "digest"),
        ("night", True, "incident"),
        ("validation", False, "immediate"),
        ("alert", False, "incident"),
        ("digest", False, "immediate"),
    ],
)
def test_trouble_waits_for_nothing(
    tmp_path: Path, kind: LetterKind, trouble: bool, when: Urgency
) -> None:
    rules = "letters: {night: {when: digest}, digest: {when: digest}, alert: {when: digest}}, "
    assert urgency(site(tmp_path, mail=rules), kind, trouble=trouble) == when


def test_what_is_filed_or_handed_over_has_a_pdf(tmp_path: Path) -> None:
    agency = site(tmp_path, mail="letters: {validation: {pdf: true}, monthly: {pdf: false}}, ")
    kinds: tuple[LetterKind, ...] = (
        "night",
        "restore-test",
        "certificate",
        "validation",
        "monthly",
    )
    assert [with_pdf(agency, kind) for kind in kinds] == [False, True, True, True, False]
