"""What an audit hands over: pages, the signed evidence pack, the auditor's signature, the letter.

    pages (unsigned draft) ─► pack ─► manifest's hash ─► signature with a one-time code ─► letter

What the auditor signs is the pack's manifest, and with it every byte of the pack.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from baozhang.audit.records import Anchor, decode_record
from baozhang.audit.signing import PUBLIC_KEY, load_signer
from baozhang.audit.verification import lines_of
from baozhang.errors import UnreachableError, UsageError
from baozhang.governance.audits import PACK, Audit, Packed, Published, damaged
from baozhang.governance.pack import KEPT, MANIFEST, entries, log_part, manifest_digest, sealed
from baozhang.mail.readers import readers, with_pdf
from baozhang.site import Site
from baozhang.vault.model import Report, silent
from reports import audit_value
from reports.audit import KIND, render_audit, status_of
from reports.audit_page import audit_page
from reports.library import standalone
from reports.page import Letter
from reports.writing import LANGUAGES
from tasks.audit_steps import (
    draw_samples,
    gather_attested,
    gather_auto,
    judge_all,
    not_independent,
    settle,
    settle_ground,
    signing_roles,
)
from tasks.audit_value import value_of
from tasks.gate import gate
from tasks.letters import Draft, library, write
from tasks.signing import Signature, sign, signed, signers

PACKED = "audit.packed"
TIME_TO_SIGN = timedelta(days=14)
"""As long as a review may wait for its signature; afterwards the audit is signed with `sign`."""


def subject_of(audit: Audit) -> str:
    """Return what a signature of this audit is for."""
    return f"audit:{audit.id}"


def pack(site: Site, audit: Audit) -> Packed:
    """Write the report's pages and the pack, once, and let the audit log know its hash.

    Raises:
        UsageError: the audit has not come so far, or the signing key is gone.
        UnreachableError: something cannot be read or written.
    """
    if not audit.has("packed"):
        if not audit.pack.exists():
            audit.keep_file(PACK, _sealed(site, audit))
        content, digest = _content(audit), manifest_digest(audit.pack)
        made = Packed(
            manifest=digest,
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
            at=site.clock(),
        )
        site.audit.append(
            actor=audit.asked.by,
            action=PACKED,
            subject=audit.id,
            manifest=made.manifest,
            sha256=made.sha256,
            bytes=made.size,
        )
        audit.keep("packed", made)
    return audit.packed()


def _content(audit: Audit) -> bytes:
    try:
        return audit.pack.read_bytes()
    except OSError as error:
        raise UnreachableError(
            "the evidence pack {path} cannot be read: {reason}",
            hint="Check the path of the pack and the right to read it.",
            path=audit.pack,
            reason=error.strerror or type(error).__name__,
        ) from error


def _sealed(site: Site, audit: Audit) -> bytes:
    folder = site.home / "state" / "audit"
    refs = {ref for piece in audit.ground().evidence for ref in piece.refs}
    log = log_part(folder, refs)
    return sealed(
        audit,
        _pages(site, audit),
        log,
        [Anchor(each.seq, each.hash) for each in site.catalog.anchors()],
        public_key=(folder / PUBLIC_KEY).read_bytes(),
        signer=load_signer(folder),
        at=site.clock(),
    )


def _pages(site: Site, audit: Audit) -> dict[str, bytes]:
    """Return the report's pages by file name, and keep them beside the audit for people."""
    value, masks = value_of(site, audit), gate(site)
    printed = _printed_languages(site)
    pages: dict[str, bytes] = {}
    for language in LANGUAGES:
        letter = render_audit(
            value, number=0, language=language, gate=masks, pdf=language in printed
        )
        pages |= _forms(letter)
        page = audit_page(value, language=language, gate=masks)
        pages[f"page-{language}.html"] = page.encode("utf-8", "replace")
    for name, content in pages.items():
        audit.keep_file(name, content)
    return pages


def _printed_languages(site: Site) -> frozenset[str]:
    """Return the languages that somebody reads or signs on paper; printing 240 lines takes long."""
    if not with_pdf(site.agency, KIND):
        return frozenset()
    copies = readers(site.agency, KIND)
    return frozenset({site.agency.language, *(each.language for each in copies)})


def _forms(letter: Letter) -> dict[str, bytes]:
    stem = f"report-{letter.language}"
    forms = {
        f"{stem}.html": standalone(letter).encode("utf-8", "replace"),
        f"{stem}.txt": letter.text.encode("utf-8", "replace"),
    }
    return forms | ({f"{stem}.pdf": letter.pdf} if letter.pdf else {})


# --- signature and letter -----------------------------------------------------------------------


def require_as_packed(site: Site, audit: Audit) -> None:
    """Refuse an audit that is not any more what the audit log says was packed.

    Its letter is made from the folder, and its signature may come days after the pack.

    Raises:
        UsageError: it is not packed yet.
        CorruptObjectError: a file of it was changed; it is named.
    """
    packed, content = audit.packed(), _content(audit)
    inside = {each.name: each.content for each in entries(content)}
    if packed.manifest not in _logged(site, audit):
        raise damaged(audit.folder / "packed.json")
    if hashlib.sha256(content).hexdigest() != packed.sha256:
        raise damaged(audit.pack)
    if hashlib.sha256(inside.get(MANIFEST, b"")).hexdigest() != packed.manifest:
        raise damaged(audit.folder / "packed.json")
    for name in KEPT:
        if audit.bytes_of(name) != inside.get(f"{name}.json"):
            raise damaged(audit.folder / f"{name}.json")


def _logged(site: Site, audit: Audit) -> frozenset[str]:
    """Return the manifests that the audit log knows of an audit."""
    lines = (line for _, line in lines_of(site.home / "state" / "audit"))
    records = (decode_record(line).entry for line in lines if PACKED.encode() in line)
    return frozenset(
        str(dict(each.facts)["manifest"])
        for each in records
        if (each.action, each.subject) == (PACKED, audit.id)
    )


@dataclass(frozen=True, slots=True)
class Signing:
    """How an audit stands with its signature.

    Attributes:
        digest: what is signed.
        able: who may sign.
        words: what was said, oldest first.
    """

    digest: str
    able: tuple[str, ...]
    words: tuple[Signature, ...]

    @property
    def is_signed(self) -> bool:
        """True if somebody signed and nobody refused."""
        return bool(self.words) and all(each.word == "sign" for each in self.words)


def signing_of(site: Site, audit: Audit) -> Signing:
    """Return who may sign an audit, and who has.

    Raises:
        UsageError: it is not packed yet.
    """
    digest = audit.packed().manifest
    able = signers(site, signing_roles(site), not_independent(audit))
    return Signing(digest, able, signed(site, subject_of(audit), digest))


def sign_audit(
    site: Site, audit: Audit, *, person: str, code: str, refuse: bool = False
) -> Signature:
    """Take a person's signature under an audit's pack.

    Raises:
        UsageError: it is not packed, they may not, or the code does not count.
        CorruptObjectError: it is not what was packed.
    """
    require_as_packed(site, audit)
    return sign(
        site,
        subject_of(audit),
        audit.packed().manifest,
        person=person,
        code=code,
        roles=signing_roles(site),
        not_by=not_independent(audit),
        word="refuse" if refuse else "sign",
    )


def publish(site: Site, audit: Audit, *, actor: str) -> Published:
    """Write the letter of a signed audit, once; where nobody may sign, of an unsigned one.

    Raises:
        UsageError: it is not packed, nobody has signed it, or nobody reads such letters.
        CorruptObjectError: it is not what was packed.
    """
    if not audit.has("letter"):
        require_as_packed(site, audit)
        standing = signing_of(site, audit)
        if standing.able and not standing.is_signed:
            raise UsageError(
                "nobody has signed audit {audit}",
                hint="Ask one of {able}: `baozhang audit sign {audit} --person ID`.",
                audit=audit.id,
                able=", ".join(standing.able),
            )
        number = _written(site, draft_of(site, audit, standing.words, actor=actor))
        audit.keep("letter", Published(number=number, at=site.clock()))
    return audit.published()


def _written(site: Site, draft: Draft) -> int:
    """Return the number of the letter that says this; it is written where there is none yet."""
    fingerprint = hashlib.sha256(draft.value.encode("ascii")).hexdigest()
    there = library(site).find(draft.kind, draft.period, "", fingerprint)
    return there.number if there else write(site, [draft])[0].filed.number


def draft_of(site: Site, audit: Audit, words: Iterable[Signature], *, actor: str) -> Draft:
    """Return the letter of an audit.

    Raises:
        UsageError: nobody is to receive it.
    """
    name, digest = f"{audit.id}.zip", audit.packed().manifest
    value = value_of(site, audit, pack=name, digest=digest, signatures=words)
    return Draft(
        kind=KIND,
        period=audit.asked.month,
        status=status_of(value),
        value=audit_value.canonical(value),
        render=partial(render_audit, value),
        copies=readers(site.agency, KIND),
        actor=actor,
    )


def finish(site: Site, audit: Audit, report: Report = silent) -> Packed:
    """Walk every step that is not done yet, up to the pack: what `flows.audit` does without it."""
    gather_auto(site, audit, report)
    gather_attested(site, audit)
    draw_samples(site, audit)
    settle_ground(site, audit)
    judge_all(site, audit)
    settle(site, audit)
    return pack(site, audit)
