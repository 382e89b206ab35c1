"""The demo's end: what it did itself is evidence, and the audit shows what that proves.

    the scenes before it, and nothing of brand or charity
      ─► audit of today by our own records ─► pack, signed by the owner ─► report, letters
      ─► the pack is verified as an auditor would, without the site

Nothing is put in for it: every line rests on what the scenes before it left in the records, and
every page is marked 样例.
"""

from collections.abc import Callable
from dataclasses import dataclass

from baozhang.clock import business_day
from baozhang.governance.audits import Audit
from baozhang.governance.controls import control
from baozhang.governance.judging import Line
from baozhang.governance.packed import verify_pack
from baozhang.samples.site import OWNER
from baozhang.site import Site
from tasks.audit_packing import finish, publish, sign_audit
from tasks.audit_steps import Order, begin
from tasks.audit_value import value_of

UNTOUCHED = ("brand.", "csr.", "market.")
"""Controls of brand, social responsibility and market begin so; no record of ours can prove one."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What the audit came to.

    Attributes:
        statuses: how many of the 240 items stand how.
        proven: ids of those that our records prove.
        untouched: ids of items of brand, charity and market; all of them are not evidenced.
        pack: the signed evidence pack; `page` is what people read. Both below the demo's folder.
        verified: the pack holds, read without the site.
    """

    audit: str
    statuses: dict[str, int]
    proven: tuple[str, ...]
    untouched: tuple[str, ...]
    untouched_evidenced: int
    pack: str
    page: str
    verified: bool


def audit_today(site: Site, code: Callable[[], str]) -> Audited:
    """Audit the day, sign it and publish it; return what it came to.

    Args:
        site: the demo's site.
        code: what the owner's device shows when it is asked.
    """
    today = business_day(site.clock())
    audit = begin(site, Order(f"{today}..{today}", None, by=OWNER), site.clock())
    finish(site, audit)
    sign_audit(site, audit, person=OWNER, code=code())
    publish(site, audit, actor=OWNER)
    return _told(site, audit)


def _told(site: Site, audit: Audit) -> Audited:
    lines = [each for each in value_of(site, audit).lines if each.item.id[1] != "P"]
    statuses: dict[str, int] = {}
    for each in lines:
        statuses[each.status] = statuses.get(each.status, 0) + 1
    untouched = [each for each in lines if _is_untouched(each)]
    return Audited(
        audit=audit.id,
        statuses=statuses,
        proven=tuple(each.item.id for each in lines if each.status == "proven"),
        untouched=tuple(each.item.id for each in untouched),
        untouched_evidenced=sum(each.status != "not evidenced" for each in untouched),
        pack=str(audit.pack),
        page=str(audit.folder / f"page-{site.agency.language}.html"),
        verified=verify_pack(audit.pack).holds,
    )


def _is_untouched(line: Line) -> bool:
    found = (control(each.control) for each in line.controls)
    return all(each.yearly_page and each.id.startswith(UNTOUCHED) for each in found)
