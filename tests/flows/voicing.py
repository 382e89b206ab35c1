"""A site whose clients can be asked: contacts, consent, a page, and a clock that a test moves."""

from datetime import datetime
from pathlib import Path

from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.site import Site
from tasks.satisfaction_asking import agree
from tests.flows.site import add_client, without_pdf

CONTACT = "contact: {{name: 陈经理{client}, email: {client}@client.cn}}\n"
PAGE = 'governance: {survey: "https://www.example.cn/s?sojumpparm={code}"}\n'
HEADS = "序号,提交答卷时间,来源详情,来自IP,1、总体满意度,2、推荐意愿,3、省心程度,4、意见与建议"


def prepare(home: Path, clients: int) -> list[str]:
    """Give a site this many clients with contacts; return their ids."""
    without_pdf(home)
    with (home / "agency.yaml").open("a", encoding="utf-8") as file:
        file.write(PAGE)
    ids = [f"c{n:03d}" for n in range(1, clients + 1)]
    for client in ids:
        path = home / "clients" / f"{client}.yaml"
        if not path.exists():
            add_client(home, client)
        with path.open("a", encoding="utf-8") as file:
            file.write(CONTACT.format(client=client))
    return ids


def agreed(site: Site, *clients: str) -> None:
    """Let clients agree to be asked."""
    for client in clients:
        agree(site, client, consent=True, by="zhang")


def export(folder: Path, *rows: tuple[str, str], at: datetime, name: str = "x.csv") -> Path:
    """Write an export; each row is a code, and csat, nps, ces and a comment with commas between."""
    stamp = at.strftime("%Y-%m-%d %H:%M:%S")
    lines = [f"{n},{stamp},{code},1.2.3.4,{said}" for n, (code, said) in enumerate(rows, 1)]
    path = folder / name
    path.write_text("\r\n".join([HEADS, *lines, ""]), "gb18030")
    return path


def ended(site: Site, *clients: str) -> Incident:
    """Open and close an incident that hit these clients."""
    made, _ = incidents_of(site).open(
        "lost", [(each, "main") for each in clients], noticed_by="zhang", discovered=site.clock()
    )
    made.journal.append("closed", actor="test")
    return made
