"""How an item stands, in a word for people: one English template per status."""

from baozhang.governance.model import Status

STATUS_TEMPLATES: dict[Status, str] = {
    "proven": "Proven",
    "attested": "Attested",
    "stale": "Out of date",
    "overdue": "Overdue",
    "not evidenced": "Not evidenced",
}
