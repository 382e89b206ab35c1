"""Words of the cost report: groups, places, proposals and the rules that refused them."""

from collections.abc import Mapping

from baozhang.costs.guards import WHY_TEMPLATES, Check
from baozhang.costs.metering import UNSEEN_TEMPLATES, Unseen
from baozhang.costs.model import GROUPS, Group
from baozhang.costs.savings import PROPOSAL_TEMPLATES, Proposal
from baozhang.costs.trends import Unusual
from baozhang.policies.law.register import load_register
from baozhang.words import say
from reports.plaintext import clean
from reports.writing import Pen

LONGEST = 60  # characters of a SKU or a product


def group_words(pen: Pen) -> dict[str, str]:
    """Return what each group of costs is called."""
    return {
        "all": pen.gettext("Total"),
        "storage": pen.gettext("Storage"),
        "requests": pen.gettext("Requests to stores"),
        "egress": pen.gettext("Reading back"),
        "compute": pen.gettext("Machine hours"),
        "restores": pen.gettext("Restore tests"),
        "hours": pen.gettext("People's hours"),
        "licences": pen.gettext("Licences"),
        "media": pen.gettext("Media"),
    }


def unit_words(pen: Pen) -> dict[Group, str]:
    """Return what a price is for one of."""
    return dict.fromkeys(GROUPS, "") | {
        "storage": pen.gettext("GB-months"),
        "requests": pen.gettext("× 10,000 requests"),
        "egress": "GB",
        "compute": pen.gettext("hours"),
        "restores": pen.gettext("restore tests"),
        "hours": pen.gettext("hours"),
    }


def sku_words(sku: str, pen: Pen) -> str:
    """Return a SKU in words, e.g. `Storage main-mirror-1`."""
    group, _, what = sku.partition(":")
    duties = {
        "backup": pen.gettext("backup"),
        "validation": pen.gettext("verification"),
        "restore_test": pen.gettext("restore test"),
        "acceptance": pen.gettext("acceptance"),
        "evidence": pen.gettext("evidence"),
    }
    name = (
        duties.get(what, what) if group in ("compute", "requests", "egress", "restores") else what
    )
    return pen.gettext(
        "%(group)s: %(what)s", group=group_words(pen).get(group, group), what=clean(name, LONGEST)
    )


def proposal_words(each: Proposal, pen: Pen) -> str:
    """Return a proposal as a sentence."""
    facts = {"subject": clean(each.subject, LONGEST), "to": clean(each.to, LONGEST)}
    return say(PROPOSAL_TEMPLATES[each.kind], spoken=pen.language, **facts)


def check_words(check: Check, pen: Pen) -> str:
    """Return what a rule says, e.g. `Law: ...`."""
    rules = {
        "law": pen.gettext("Law"),
        "copies": "3-2-1-1-0",  # the same in every language
        "promise": pen.gettext("Promise"),
        "holds": pen.gettext("Holds"),
    }
    facts = dict(check.facts)
    if article := facts.get("article"):
        facts["article"] = load_register().cited(article, pen.language)
    why = say(WHY_TEMPLATES[check.why], spoken=pen.language, **facts)
    return pen.gettext("%(rule)s: %(why)s", rule=rules[check.rule], why=clean(why, 300))


def unseen_words(kind: Unseen, facts: Mapping[str, str], pen: Pen) -> str:
    """Return what could not be measured."""
    words = clean(say(UNSEEN_TEMPLATES[kind], spoken=pen.language, **facts), 600)
    return pen.gettext("%(sentence)s.", sentence=words[:1].upper() + words[1:])


def unusual_words(each: Unusual, pen: Pen) -> str:
    """Return what an unusual figure is about."""
    kind, _, client = each.what.partition(":")
    if client:
        return pen.gettext("client %(client)s", client=clean(client, LONGEST))
    return group_words(pen).get(kind, kind)
