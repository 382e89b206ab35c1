"""The post, every five minutes: letters leave the outbox for the mail server.

    digests ──► deliver ──► table ──► verdict

A letter is written by the duty it reports on and lies in the outbox from then on; this flow only
carries.  What the server refuses for now is tried again by later runs, for five days.

Runbook for people: docs/guides/mail.md
"""

from prefect import flow

from baozhang.mail.delivery import Delivery
from tasks.day import named
from tasks.gate import mask_logs
from tasks.post import conclude_post, deliver_letters, digest_letters, show_letters


@flow(name="post", flow_run_name=named("post"))
def deliver_post() -> Delivery:
    """Deliver the letters that are due.

    Returns:
        The letters sent, those parked, and how many wait.

    Raises:
        BaozhangError: a letter was parked, the server began to refuse all letters, or no digest
            could be written; the others are out by then.
    """
    mask_logs()
    digests = digest_letters(return_state=True)  # a digest that fails holds back no alert
    delivery = deliver_letters()
    show_letters(delivery)
    digests.result()
    return conclude_post(delivery)
