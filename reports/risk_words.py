"""What the risk letter calls levels, treatments, verdicts, causes and duties."""

from baozhang.catalog.model import Status
from baozhang.governance.risk.model import Band, Cause, Change, Treatment
from baozhang.governance.risk.standard import Level, Unit
from baozhang.governance.risk.treatment import Verdict, Why
from baozhang.settings import Owner
from reports.page import Mark
from reports.writing import Pen

BANDS: dict[Band, Status] = {
    "green": "ok",
    "amber": "partial",
    "red": "failed",
    "unmeasured": "inconclusive",
}
LEVELS: dict[Level, Status] = {
    "low": "ok",
    "medium": "partial",
    "high": "failed",
    "extreme": "failed",
}
VERDICTS: dict[Verdict, Status] = {
    "in place": "ok",
    "not needed": "ok",
    "under way": "partial",
    "open": "partial",
    "overdue": "failed",
    "void": "failed",
}


def band_mark(band: Band, pen: Pen) -> Mark:
    """Return an indicator's colour as a word and a sign."""
    words: dict[Band, str] = {
        "green": pen.gettext("Green"),
        "amber": pen.gettext("Amber"),
        "red": pen.gettext("Red"),
        "unmeasured": pen.gettext("Not measured"),
    }
    return Mark(BANDS[band], words[band])


def level_word(level: Level | None, pen: Pen) -> str:
    """Return a level in words."""
    words: dict[Level, str] = {
        "low": pen.gettext("low"),
        "medium": pen.gettext("medium"),
        "high": pen.gettext("high"),
        "extreme": pen.gettext("extreme"),
    }
    return words[level] if level else pen.gettext("not scored")


def level_mark(level: Level | None, pen: Pen) -> Mark:
    """Return a level as a mark; one that nobody scored is no low one."""
    return Mark(LEVELS[level] if level else "inconclusive", level_word(level, pen))


def treatment_word(treatment: Treatment | None, pen: Pen) -> str:
    """Return a treatment in words."""
    words: dict[Treatment, str] = {
        "avoid": pen.gettext("avoid"),
        "reduce": pen.gettext("reduce"),
        "transfer": pen.gettext("transfer"),
        "accept": pen.gettext("accept"),
    }
    return words[treatment] if treatment else pen.gettext("nothing decided")


def verdict_mark(verdict: Verdict, pen: Pen) -> Mark:
    """Return how a treatment stands."""
    words: dict[Verdict, str] = {
        "in place": pen.gettext("In place"),
        "not needed": pen.gettext("Not needed"),
        "under way": pen.gettext("Under way"),
        "open": pen.gettext("Open"),
        "overdue": pen.gettext("Overdue"),
        "void": pen.gettext("May not pay"),
    }
    return Mark(VERDICTS[verdict], words[verdict])


def why_words(why: Why, pen: Pen) -> str:
    """Return what makes a verdict, in a sentence."""
    words: dict[Why, str] = {
        "unscored": pen.gettext("Nobody has scored it."),
        "below": pen.gettext("Its level asks for no treatment."),
        "undecided": pen.gettext("Its level asks for a decision, and there is none."),
        "avoiding": pen.gettext("It is to be avoided, and is not closed yet."),
        "no-controls": pen.gettext("It is to be reduced, and no control does it."),
        "controls": pen.gettext("Controls that should reduce it are not shown:"),
        "holds": pen.gettext("Every control that reduces it is shown."),
        "no-contract": pen.gettext("It is to be transferred, and the contract is not known."),
        "contract-ended": pen.gettext("The insurance contract has ended."),
        "no-conditions": pen.gettext(
            "The contract's conditions are not entered: nobody can say whether it would pay."
        ),
        "conditions": pen.gettext(
            "Conditions of the insurance are not shown; each of them can void a claim:"
        ),
        "insured": pen.gettext("Every condition of the insurance is shown."),
        "no-term": pen.gettext("It is accepted without a last day, which counts for nothing."),
        "expired": pen.gettext("Its acceptance has run out: the risk is open again."),
        "accepted": pen.gettext("It is accepted until its last day."),
    }
    return words[why]


def cause_word(cause: Cause, pen: Pen) -> str:
    """Return a class of cause in words."""
    words: dict[Cause, str] = {
        "malware": pen.gettext("malware"),
        "loss": pen.gettext("loss"),
        "damage": pen.gettext("damage"),
        "tampering": pen.gettext("tampering"),
        "leak": pen.gettext("leak"),
        "outage": pen.gettext("outage"),
        "key": pen.gettext("keys"),
        "people": pen.gettext("people"),
        "mistake": pen.gettext("mistakes"),
        "deadline": pen.gettext("deadlines"),
        "vendor": pen.gettext("vendors"),
        "capacity": pen.gettext("capacity"),
        "coverage": pen.gettext("gaps in coverage"),
    }
    return words[cause]


def owner_word(owner: Owner, pen: Pen) -> str:
    """Return a duty in words."""
    words: dict[Owner, str] = {
        "gm": pen.gettext("general manager"),
        "it_owner": pen.gettext("information technology"),
        "security_officer": pen.gettext("security"),
        "backup_owner": pen.gettext("backup"),
        "compliance_officer": pen.gettext("compliance"),
        "client_manager": pen.gettext("clients"),
        "marketing_owner": pen.gettext("marketing"),
        "partner_owner": pen.gettext("partners"),
        "finance_owner": pen.gettext("finance"),
        "hr_owner": pen.gettext("human resources"),
        "accounting_lead": pen.gettext("accounting"),
        "incident_commander": pen.gettext("incident command"),
        "on_call": pen.gettext("on call"),
    }
    return words[owner]


def change_word(change: Change | None, pen: Pen) -> str:
    """Return what a proposal asks for."""
    if change is None:
        return pen.gettext("a new risk")
    words: dict[Change, str] = {
        "rescore": pen.gettext("score it anew"),
        "reopen": pen.gettext("its treatment moved nothing: open it again"),
    }
    return words[change]


def unit_word(unit: Unit, pen: Pen) -> str:
    """Return the unit of an indicator, "" for a plain count."""
    words: dict[Unit, str] = {
        "count": "",
        "percent": "%",
        "people": "",
        "minutes": pen.gettext("min"),
    }
    return words[unit]


def ready_word(ready: str, pen: Pen) -> str:
    """Return how a scenario stands."""
    words = {
        "ready": pen.gettext("drilled"),
        "stale": pen.gettext("drilled too long ago"),
        "failed": pen.gettext("drill not passed"),
        "never": pen.gettext("never drilled"),
    }
    return words.get(ready, pen.gettext("no scenario"))
