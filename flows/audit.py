"""Audit: all 240 items of the two documents, each by its evidence, sampled, packed and signed.

    begin ─┬─► our own records ─┬─► samples ─► fresh? ─► sections ─► judge ─► actions ─► pack
           └─► what people said ┘                        A1 … BP                        │
                                                         a subflow each,                ▼
                                                         a task per item        GATE: signature
                                                                                        │
                                                                                        ▼
                                                                                     letters

Evidence is gathered once and kept in the audit's folder; everything after that is a function of it.
A run that was killed or suspended goes on with the same audit; the regular audit of a month is
written once.

Runbook for people: docs/runbooks/audit.md
"""

from prefect import flow, unmapped

from tasks.audit import (
    begin_audit,
    check_freshness,
    draw_samples,
    evaluate,
    gather_attested,
    gather_automatic,
    items_of_section,
    judge,
    make_pack,
    may_be_signed,
    named_audit,
    named_section,
    open_sections,
    settle_actions,
    wanted_signature,
    write_letters,
)
from tasks.options import at_once
from tasks.signing_gate import wait_signed


@flow(name="audit-section", flow_run_name=named_section, task_runner=at_once(6))
def audit_section(audit: str, section: str) -> None:
    """Judge the items of one section; the names of their states say how they stand.

    Args:
        audit: id of the audit, whose evidence is gathered.
        section: `A1` to `B20`, `AP` or `BP`.
    """
    evaluate.map(unmapped(audit), items_of_section(section)).result()


@flow(name="audit", flow_run_name=named_audit, task_runner=at_once(2))
def audit(period: str | None = None, sections: list[str] | None = None) -> str:
    """Audit a month, or any days, by the evidence there is.

    Args:
        period: YYYY-MM or YYYY-MM-DD..YYYY-MM-DD; None: the month before the scheduled start in
            Asia/Shanghai.
        sections: ids of sections, e.g. A7; None: all of them.

    Returns:
        The audit's id.

    Raises:
        UsageError: a period that is none or has not begun, or a section that is not known.
        NotSignedError: the signature was refused, or nobody signed in time; the pack is there.
    """
    begun = begin_audit(period, sections)

    own, said = gather_automatic.submit(begun), gather_attested.submit(begun)
    for gathered in (own, said):
        gathered.result()
    draw_samples(begun)
    check_freshness(begun)

    for section in open_sections(begun):
        audit_section(begun, section)
    judge(begun)
    settle_actions(begun)
    make_pack(begun)

    if may_be_signed(begun):
        wait_signed(wanted_signature(begun))
    write_letters(begun)
    return begun
