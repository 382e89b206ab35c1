"""A scenario as data: what stands, what breaks, who must notice and act, how long it may take.

Each is a YAML file in `baozhang/drills/scenarios/`; keys nobody knows are refused.  Times of day
are Asia/Shanghai, spans are written as in the site's files (`30min`, `4h`, `2d`).

The form follows the experiments of the Chaos Toolkit (steady state, method, rollbacks;
https://chaostoolkit.org/reference/api/experiment/), so that whoever reads those can read these.
"""

from datetime import time, timedelta
from typing import Annotated, Literal, get_args

from pydantic import Field, PlainSerializer, model_validator

from baozhang.incidents.model import Kind
from baozhang.settings.part import Part, Text
from baozhang.settings.values import Id, Role, Span

Probe = Literal["sources-whole", "vault-sound", "copies-complete", "restorable", "nothing-open"]
"""What must hold before and after.

`sources-whole`: every source can be read, with every book it had and every paper as it was;
`vault-sound`: every stored byte reads back, in vault and mirrors, and the witness knows nothing
better; `copies-complete`: no mirror lacks anything; `restorable`: every set comes back and every
book equals its proof; `nothing-open`: no decrypted copy lies about, nothing is held and no incident
is open."""
PROBES: tuple[Probe, ...] = get_args(Probe)

Finder = Literal["backup", "validation", "restore-test", "person"]
"""Who finds it: a duty at its next hour, or somebody of the office, for what no program can see."""


Lasting = Annotated[
    Span, PlainSerializer(lambda span: f"{span // timedelta(minutes=1)}min", return_type=str)
]
"""A span that is written again as it was read, in minutes."""


class Label(Part):
    """Words for people."""

    zh: Text
    en: Text

    def said(self, language: str) -> str:
        """Return the words in a language; English where it is not Chinese."""
        return self.zh if language.startswith("zh") else self.en


class SandboxSpec(Part):
    """What the sandbox holds; everything in it is generated.

    Attributes:
        clients: how many, `c001` and so on; odd ones keep text exports, even ones a database.
        french: one client more, with the real French ledger that ships with the product.
        months: closed months that the books cover.
        last_year: the books begin in last December, so that there are two years of them.
        trades: vouchers of daily trade per month, beside some 15 of fixed duties.
        invoices: at most so many per month, a PDF each.
        contracts, workbooks: so many per client, and per month.
        nights: nights of backup before anything breaks.
        mirrors: folders that stand for the copies: a second disk, a cloud account, a carried disk.
        escrow: three people hold shares of the vault's key, any two of them open it.
    """

    clients: int = Field(2, ge=1, le=8)
    french: bool = False
    months: int = Field(2, ge=1, le=12)
    last_year: bool = False
    trades: int = Field(6, ge=0, le=400)
    invoices: int = Field(3, ge=0, le=60)
    contracts: int = Field(2, ge=0, le=60)
    workbooks: int = Field(2, ge=0, le=8)
    nights: int = Field(1, ge=1, le=10)
    mirrors: tuple[Id, ...] = ("mirror",)
    escrow: bool = False


# --- what breaks ----------------------------------------------------------------------------------


class PassNight(Part):
    """A day of work and the night's backup after it; nothing breaks by it."""

    do: Literal["pass-night"]
    nights: int = Field(1, ge=1, le=30)


class LoseFolder(Part):
    """A client's folder is deleted."""

    do: Literal["lose-folder"]
    client: Id


class FailDisk(Part):
    """The disk with every client's books is gone."""

    do: Literal["fail-disk"]


class Encrypt(Part):
    """Files become noise under a new ending, as ransomware does.

    Attributes:
        files: how many of the client's files a night; None: all at once.
        nights: how many nights it goes on, with work and a backup after each.
        spare_books: only papers are hit, which nobody opens every day.
    """

    do: Literal["encrypt"]
    client: Id
    files: int | None = Field(None, ge=1)
    nights: int = Field(1, ge=1, le=30)
    spare_books: bool = False


class WrongYear(Part):
    """Last year's account set is restored over this year's."""

    do: Literal["wrong-year"]
    client: Id


class DropVouchers(Part):
    """Whole vouchers are deleted from a book."""

    do: Literal["drop-vouchers"]
    client: Id
    count: int = Field(3, ge=1, le=50)


class DamageVault(Part):
    """Stored objects of a client vanish from the vault, and bytes of others turn over."""

    do: Literal["damage-vault"]
    client: Id
    vanish: int = Field(1, ge=0, le=50)
    flip: int = Field(1, ge=0, le=50)


class LoseMirror(Part):
    """A copy of the vault is gone: an account that was closed, or a disk that was carried away.

    Attributes:
        found_by: who may have it now: `nobody`, or `stranger`, who can read whatever is on it.
    """

    do: Literal["lose-mirror"]
    mirror: Id
    found_by: Literal["nobody", "stranger"] = "nobody"


class LoseKey(Part):
    """The key file of the vault is gone."""

    do: Literal["lose-key"]


class TakeCopy(Part):
    """A decrypted copy of a client's books is made, as the register of copies knows.

    Attributes:
        by: id of a player.
        lent: for so long; what is still there afterwards is overdue.
        carried_off: the copy is taken out of the office.
    """

    do: Literal["take-copy"]
    client: Id
    by: Id
    lent: Lasting
    carried_off: bool = False


class Leave(Part):
    """A person leaves the agency; the site's files no longer know them."""

    do: Literal["leave"]
    person: Id


class CutPower(Part):
    """The process that backs a client up is killed, and the file being written is torn.

    Attributes:
        torn: bytes that are missing at the end of the client's largest book.
    """

    do: Literal["cut-power"]
    client: Id
    torn: int = Field(700, ge=0)


Step = Annotated[
    PassNight
    | LoseFolder
    | FailDisk
    | Encrypt
    | WrongYear
    | DropVouchers
    | DamageVault
    | LoseMirror
    | LoseKey
    | TakeCopy
    | Leave
    | CutPower,
    Field(discriminator="do"),
]


# --- who notices, who acts ------------------------------------------------------------------------


class Detection(Part):
    """What must be found, and by whom.

    Attributes:
        by: who finds it.
        finding: the template of the finding, word for word; what a person says, where one does.
        after: how long a person takes to notice; the duties find it at their next hour.
    """

    by: Finder
    finding: Text
    after: Lasting | None = None

    @model_validator(mode="after")
    def _people_take_time(self) -> "Detection":
        if (self.by == "person") != (self.after is not None):
            raise ValueError("a person notices after some time; a duty at its next hour")
        return self


class Restore(Part):
    """The incident is walked to its end: plan, gate, restore, prove, gate, cut-over, letters.

    Attributes:
        strike: backup points that hold files of this ending are struck before, for what comes from
            them would bring the damage back.
    """

    by: Literal["restore"]
    strike: str = ""


class MendVault(Part):
    """The vault is mended from its mirrors."""

    by: Literal["mend-vault"]


class NewMirror(Part):
    """A new copy of the vault is made in the place of the lost one, and read back."""

    by: Literal["new-mirror"]
    mirror: Id


class OpenEscrow(Part):
    """Two holders of shares open the vault, and a new key file is made."""

    by: Literal["open-escrow"]


class JudgeLost(Part):
    """What was lost is searched for anything that can be read without a key.

    Attributes:
        readable: there is something of the kind; whoever searches must come to the same.
    """

    by: Literal["judge-lost"]
    readable: bool = False


class DestroyCopies(Part):
    """Every decrypted copy that is known is destroyed, or is known to be out of our hands."""

    by: Literal["destroy-copies"]


class RenewKeys(Part):
    """The vault's master key is renewed, so that an older key file opens nothing new."""

    by: Literal["renew-keys"]


class Notify(Part):
    """What the law needs to know becomes known, and the notices are written.

    Attributes:
        facts: names and values of `baozhang.policies.law.duties.Facts`.
    """

    by: Literal["notify"]
    facts: dict[str, bool | int | str]


Recovery = Annotated[
    Restore | MendVault | NewMirror | OpenEscrow | JudgeLost | DestroyCopies | RenewKeys | Notify,
    Field(discriminator="by"),
]


class Players(Part):
    """Who plays: ids, what they answer for, and how long they take to answer.

    Attributes:
        absent: these cannot be reached; gates and alerts must do without them, or wait safely.
        back: when they can be reached again, from the first break on; None: not in this drill.
    """

    cast: dict[Id, tuple[Role, ...]] = Field(
        {"yuan": ("on_call", "operator"), "lin": ("approver",), "he": ("manager",)}
    )
    absent: tuple[Id, ...] = ()
    back: Lasting | None = None
    answer: Lasting = timedelta(minutes=5)

    @model_validator(mode="after")
    def _known(self) -> "Players":
        if not set(self.absent) < set(self.cast):
            raise ValueError("somebody is absent who does not play, or nobody is left")
        return self

    def present(self, since: timedelta) -> tuple[str, ...]:
        """Return those who can be reached so long after the first break."""
        back = self.back is not None and since >= self.back
        return tuple(each for each in self.cast if back or each not in self.absent)


class Targets(Part):
    """What must be reached; None: the scenario has nothing of the kind.

    Attributes:
        detect: from the first break to the finding.
        acknowledge: from the finding to somebody who says that they are looking.
        rto: from the finding until people can work again (恢复时间目标).
        rpo_vouchers: vouchers that may be missing after the recovery and must be keyed in.
        notices: every notice that the law asks for lies ready before its deadline.
    """

    detect: Lasting
    acknowledge: Lasting
    rto: Lasting | None = None
    rpo_vouchers: int | None = Field(None, ge=0)
    notices: bool = False


class Scenario(Part):
    """One drill.

    Attributes:
        story: what players are told at the beginning; nothing that gives away the answer.
        begins: the time of day in the office at which it breaks.
        steady: what must hold before and after.
        nature: what kind of incident it is.
        hit: clients whose incident it is; empty: all.
    """

    id: Id
    title: Label
    story: Label
    begins: time
    sandbox: SandboxSpec = SandboxSpec()
    steady: Annotated[tuple[Probe, ...], Field(min_length=1)] = PROBES
    method: Annotated[tuple[Step, ...], Field(min_length=1)]
    nature: Kind
    hit: tuple[Id, ...] = ()
    detections: Annotated[tuple[Detection, ...], Field(min_length=1)]
    players: Players = Players()
    recovery: Annotated[tuple[Recovery, ...], Field(min_length=1)]
    targets: Targets
    surprise: bool = Field(True, description="May be chosen for a drill that nobody knows of.")

    @property
    def clients(self) -> tuple[str, ...]:
        """Ids of the sandbox's clients."""
        count = self.sandbox.clients + self.sandbox.french
        return tuple(f"c{number:03d}" for number in range(1, count + 1))

    @model_validator(mode="after")
    def _consistent(self) -> "Scenario":
        named = {getattr(each, "client", "c001") for each in self.method} | set(self.hit)
        if not named <= set(self.clients):
            raise ValueError("a client is named that the sandbox does not have")
        mirrors = {
            each.mirror for each in (*self.method, *self.recovery) if hasattr(each, "mirror")
        }
        if not mirrors <= set(self.sandbox.mirrors):
            raise ValueError("a mirror is named that the sandbox does not have")
        people = {getattr(each, "by", None) for each in self.method if each.do == "take-copy"}
        people |= {each.person for each in self.method if each.do == "leave"}
        if not people <= set(self.players.cast):
            raise ValueError("somebody is named who does not play")
        return self
