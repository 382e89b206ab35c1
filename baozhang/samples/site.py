"""The site of a sample agency: `agency.yaml` and `clients/<id>.yaml`, ready to back up.

CSV and FEC books are a tree with their papers; a database is a source of its own, since a live
one is frozen in another way, with the papers beside it as a second source.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from baozhang.samples.agency import SampleAgency, SampleClient, recall
from baozhang.samples.exports import BOOKS
from baozhang.settings.importing import client_yaml
from baozhang.settings.model import ClientFile
from baozhang.settings.sources import ClientSet, SourceFile

HEADER = "# 样例机构，由程序生成，全部虚构。 A sample agency: generated, synthetic throughout.\n"
SET = "main"
OPERATOR, OWNER = "operator", "owner"
"""Who runs the machines and is on call, and who approves: two people, as gates want them."""


def write_site(
    home: Path,
    data: Path,
    *,
    vault: str = "vault",
    mirrors: Sequence[str] = ("mirror",),
    key: str = "file:keys/main.key",
    reports: str = "reports",
) -> SampleAgency:
    """Write the settings of the sample agency in `data` to `home`, which need not be another place.

    Args:
        home: gets `agency.yaml` and `clients/`; made if it does not exist.
        data: folder of `make_agency`.
        vault: path or file:// address of the vault, seen from `home`.
        mirrors: likewise, of its copies.
        key: reference to the vault's key.
        reports: folder of the library of reports, seen from `home`.

    Raises:
        UsageError: no sample agency in `data`.
    """
    agency = recall(data)
    (home / "clients").mkdir(parents=True, exist_ok=True)
    people = _people(agency)
    _write(home / "agency.yaml", _agency_file(people, vault, mirrors, key, reports))
    ids = {person["name"]: id_ for id_, person in people.items()}
    for client in agency.clients:
        text = client_yaml(_client_file(client, ids, data.absolute() / client.id))
        (home / "clients" / f"{client.id}.yaml").write_text(text, encoding="utf-8")
    return agency


def _write(path: Path, value: Mapping[str, object]) -> None:
    text = yaml.safe_dump(dict(value), allow_unicode=True, sort_keys=False)
    path.write_text(HEADER + text, encoding="utf-8")


def _people(agency: SampleAgency) -> dict[str, dict[str, object]]:
    names = sorted({name for client in agency.clients for name in client.staff})
    people: dict[str, dict[str, object]] = {
        OPERATOR: {
            "name": "样例运维员",
            "email": "operator@example.com",
            "roles": ["operator", "on_call"],
        },
        OWNER: {
            "name": "样例负责人",
            "email": "owner@example.com",
            "roles": ["approver", "manager"],
        },
    }
    for number, name in enumerate(names, start=1):
        email = f"accountant{number:02d}@example.com"
        person: dict[str, object] = {"name": name, "email": email, "roles": ["accountant"]}
        people[f"accountant{number:02d}"] = person
    return people


def _agency_file(
    people: dict[str, dict[str, object]],
    vault: str,
    mirrors: Sequence[str],
    key: str,
    reports: str,
) -> dict[str, object]:
    return {
        "name": "样例代理记账有限公司",
        "language": "zh_CN",
        "sample": True,
        "people": people,
        "vaults": {"main": {"url": vault, "key": key, "mirrors": list(mirrors)}},
        "policies": {"daily": {"every": "1d"}},
        "sets": {SET: {"policy": "daily", "vault": "main"}},
        "mail": {"sender": "baozhang@example.com", "outbox": "state/outbox"},
        "reports": reports,
    }


def _client_file(client: SampleClient, ids: Mapping[object, str], folder: Path) -> ClientFile:
    lead, reviewer, deputy = (ids[name] for name in client.staff)
    return ClientFile(
        id=client.id,
        name=client.name,
        credit_code=client.credit_code,
        standard="other" if client.kind == "fec" else "sbe",
        lead=lead,
        reviewer=reviewer,
        deputy=deputy,
        sets={SET: ClientSet(sources=_sources(client, folder))},
    )


def _sources(client: SampleClient, folder: Path) -> tuple[SourceFile, ...]:
    """Return the sources.  Paths are absolute: home and data may lie on different disks."""
    if client.kind != "yonyou_t3":
        return (_tree("files", folder, profile=client.kind),)
    database = next((folder / BOOKS).glob("*.db"))
    books = SourceFile(name="books", kind="sqlite", path=str(database), profile=client.kind)
    return books, _tree("papers", folder, exclude=(BOOKS,))


def _tree(
    name: str, folder: Path, *, profile: str | None = None, exclude: tuple[str, ...] = ()
) -> SourceFile:
    return SourceFile(name=name, kind="tree", path=str(folder), profile=profile, exclude=exclude)
