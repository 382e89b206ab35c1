"""Governance, every day: who owes proof is asked, what came is looked at, what is late goes up.

    obligations ──► drop folder ──► proofs, checks ──► due ──► owners ──► above ──► register
                                                                                       │
                                                                                    verdict

Proof counts once another person has accepted it with a code; that is done by people
(`baozhang attest check`), at any hour.  The run may be repeated: nobody is asked twice for one
stage of one due day.

Runbook for people: docs/runbooks/governance.md
"""

from prefect import flow

from tasks.gate import mask_logs
from tasks.governance_steps import (
    Governed,
    ask_owners,
    check_held,
    compute_due,
    conclude,
    load_obligations,
    take_in_proofs,
    tell_above,
    tell_register,
)


@flow(name="governance")
def governance() -> Governed:
    """Ask, take in, look at what is kept, tell.

    Returns:
        Figures and ids of what was done.

    Raises:
        AttestationsChangedError: a proof or a check was changed by hand; the letter is out.
    """
    mask_logs()
    planned = load_obligations()
    taken = take_in_proofs(wait_for=[planned])
    held = check_held(wait_for=[taken])
    due = compute_due(planned, wait_for=[taken])

    sent = ask_owners(wait_for=[due])
    above = tell_above(wait_for=[sent])
    letter = tell_register(wait_for=[above])

    return conclude(Governed(due, sent, taken, held, above, letter))
