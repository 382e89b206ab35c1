"""A tiny real site: clients with a French ledger each, one vault, one mirror."""

from pathlib import Path
from typing import get_args

from baozhang.clock import system_clock
from baozhang.keys.slots import encode_key_file, new_secret
from baozhang.settings import LetterKind
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import create_vault

AGENCY = """\
name: 示例代理记账有限公司
language: zh_CN
people:
  zhang: {name: 张三, email: zhang@example.cn, roles: [operator, accountant]}
  wang: {name: Wang, email: wang@example.cn, roles: [manager], language: en}
vaults:
  main: {url: vault, key: "file:keys/main.key", mirrors: [mirror]}
policies:
  daily: {}
sets:
  main: {policy: daily, vault: main}
  papers: {policy: daily, vault: main}
mail: {sender: zhang@example.cn}
"""

CLIENT = """\
id: {client}
name: 示例商贸有限公司
lead: zhang
sets:
  main:
    sources:
      - {{name: books, kind: tree, path: books/{client}, profile: fec}}
"""

PAPERS = """\
  papers:
    sources:
      - {{name: papers, kind: tree, path: papers/{client}}}
"""


def without_pdf(home: Path) -> None:
    """Let a site's letters go without PDFs, where what they say is not what is looked at."""
    agency = home / "agency.yaml"
    rules = ", ".join(f"{kind}: {{pdf: false}}" for kind in get_args(LetterKind))
    mail = "mail: {sender: zhang@example.cn"
    text = agency.read_text("utf-8").replace(mail, f"{mail}, letters: {{{rules}}}")
    agency.write_text(text, "utf-8")


COLUMNS = [
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib"),
    *("CompAuxNum", "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit"),
    *("EcritureLet", "DateLet", "ValidDate", "Montantdevise", "Idevise"),
]


def ledger(*amounts: str) -> str:
    """Return a ledger export with one voucher of two lines per amount."""
    rows = [COLUMNS]
    for number, amount in enumerate(amounts, start=1):
        head = ["VE", "Ventes", str(number), f"202607{number:02d}"]
        tail = ["", "", f"F{number}", "20260701", "Vente"]
        rows.append([*head, "411000", "Clients", *tail, amount, "0,00", "", "", "20260731", "", ""])
        rows.append([*head, "707000", "Ventes", *tail, "0,00", amount, "", "", "20260731", "", ""])
    return "".join("\t".join(row) + "\r\n" for row in rows)


def make_site(home: Path, *clients: str) -> Path:
    """Make the site, its vault, its mirror's folder, and each client's ledger."""
    for folder in ("clients", "keys", "mirror", "books"):
        (home / folder).mkdir(parents=True)
    (home / "agency.yaml").write_text(AGENCY, "utf-8")
    secret = new_secret("keyfile")
    key = home / "keys" / "main.key"
    key.write_bytes(encode_key_file(secret))
    key.chmod(0o600)
    create_vault(new_store_at(str(home / "vault")), [secret], at=system_clock())
    for client in clients:
        add_client(home, client)
    return home


def add_client(home: Path, client: str) -> None:
    """Add a client with a ledger."""
    (home / "clients" / f"{client}.yaml").write_text(CLIENT.format(client=client), "utf-8")
    (home / "books" / client).mkdir()
    (home / "books" / client / "FEC2026.txt").write_text(ledger("100,00", "250,50"), "utf-8")


def add_papers(home: Path, client: str) -> None:
    """Give a client a second set, without books."""
    with (home / "clients" / f"{client}.yaml").open("a", encoding="utf-8") as file:
        file.write(PAPERS.format(client=client))
    (home / "papers" / client).mkdir(parents=True)
    (home / "papers" / client / "contract.txt").write_text("合同", "utf-8")
