"""What is said of incidents, event by event: a reader knows no names of events or gates.

Whatever has no sentence of its own is told by its name.
"""

EVENT_TEMPLATES = {
    "opened": "{good} of {all} incidents of the period were entered; {open} go on",
    "paged": "{good} of {all} incidents of the period had people paged; {open} go on",
    "acknowledged": "{good} of {all} incidents of the period were acknowledged by somebody; {open} "
    "go on",
    "kept:scope": "{good} of {all} incidents of the period had their loss found out, client by "
    "client; {open} go on",
    "kept:stopped": "{good} of {all} incidents of the period had all work on the data stopped; "
    "{open} go on",
    "kept:evidence": "{good} of {all} incidents of the period had the state as it was found kept; "
    "{open} go on",
    "kept:impact": "{good} of {all} incidents of the period had their impact estimated; {open} go "
    "on",
    "kept:plan": "{good} of {all} incidents of the period had a recovery plan drawn up; {open} go "
    "on",
    "step:safety": "{good} of {all} incidents of the period had the present state saved before "
    "anything was restored; {open} go on",
    "step:quarantine": "{good} of {all} incidents of the period were restored into quarantine "
    "first; {open} go on",
    "step:prove": "{good} of {all} incidents of the period had the restored books proven; {open} "
    "go on",
    "step.done": "{good} of {all} incidents of the period had their steps recorded; {open} go on",
    "service.checked": "{good} of {all} incidents of the period were checked for people being able "
    "to work again; {open} go on",
    "milestone": "{good} of {all} incidents of the period had their milestones recorded; {open} go "
    "on",
    "letter:recovery": "{good} of {all} incidents of the period had their numbered recovery "
    "report; {open} go on",
    "letter:recovery-legal": "{good} of {all} incidents of the period had their report on legal "
    "duties; {open} go on",
}
GATE_TEMPLATES = {
    "plan": "at {good} of {all} incidents of the period people approved the recovery plan with "
    "their codes; {open} go on",
    "cut-over": "at {good} of {all} incidents of the period people approved putting it into use "
    "with their codes; {open} go on",
    "review": "at {good} of {all} incidents of the period people signed the review with their "
    "codes; {open} go on",
}
CODE_TEMPLATES = {
    "plan": "the recovery plan of {incident} was approved by {people} with their codes",
    "review": "the review of {incident} was signed by {people} with their codes",
}
