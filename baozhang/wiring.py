"""Opening a site: the one place that names concrete classes, and that reads secrets.

    agency.yaml, clients/*.yaml ──► stores, vaults, sources, catalog, audit log, outbox ──► Site

What a site knows beyond its files lies below `<home>/state/`: `catalog.db`, `audit/`, `outbox/`,
`scratch/`.  Keys never do: state is what may be lost.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache, partial
from pathlib import Path
from random import SystemRandom
from time import sleep

from baozhang.audit.log import AuditLog
from baozhang.catalog.catalog import Catalog
from baozhang.clock import Clock, system_clock
from baozhang.errors import UnreachableError
from baozhang.keys.slots import Secret, decode_key_file, passphrase
from baozhang.mail.delivery import Postman
from baozhang.mail.outbox import Outbox
from baozhang.mail.smtp import Account
from baozhang.mail.throttle import Limits
from baozhang.settings import Agency, SecretRef, load_agency
from baozhang.site import Site
from baozhang.sourcing import Sources, secret_bytes, secret_text
from baozhang.vault.stores.base import Store
from baozhang.vault.stores.choosing import is_s3, store_at
from baozhang.vault.vault import Vault, open_vault
from baozhang.vault.witness import FileWitness, WitnessPlace, witness_at

STATE = "state"
KEY_FILE_MARK = b"baozhang-key-"


@contextmanager
def open_site(home: Path | None = None, *, clock: Clock = system_clock) -> Iterator[Site]:
    """Open the site below `home`, else below BAOZHANG_HOME, else here; close it after the block.

    Vaults and keys are touched only when a duty asks for them.

    Raises:
        UsageError: its files do not describe a site; every problem is listed.
        CorruptObjectError: catalog or audit log is damaged.
        UnreachableError: its state cannot be written.
    """
    agency = load_agency(home)
    state = agency.home / STATE
    scratch = _private_folder(state / "scratch")
    outbox = Outbox(agency.path(agency.file.mail.outbox))
    with Catalog.open(state / "catalog.db") as catalog:
        yield Site(
            home=agency.home,
            agency=agency,
            clock=clock,
            catalog=catalog,
            audit=AuditLog.open(state / "audit", clock),
            outbox=outbox,
            postman=_postman(agency, outbox, clock),
            scratch=scratch,
            vault_named=cache(lambda name: _vault(agency, name)),
            mirrors_named=lambda name: _mirrors(agency, name),
            paces_named=lambda name: tuple(
                mirror.pace() for mirror in agency.file.vaults[name].mirrors
            ),
            witness_named=lambda name: _witness(agency, name),
            sources=Sources(agency, scratch, clock),
        )


def read_secret(home: Path, ref: SecretRef) -> Secret:
    """Return the secret that a reference leads to: a key file's content, or a passphrase.

    Raises:
        UsageError: it is not there, or others can read its file.
    """
    content = secret_bytes(home, ref)
    if content.startswith(KEY_FILE_MARK):
        return decode_key_file(content)
    return passphrase(secret_text(home, ref))


def _vault(agency: Agency, name: str) -> Vault:
    each = agency.file.vaults[name]
    return _opened(agency.place(each.url), read_secret(agency.home, each.key))


@lru_cache(maxsize=16)
def _opened(url: str, secret: Secret) -> Vault:
    """Open a vault once per process: a passphrase takes half a second on purpose."""
    return open_vault(store_at(url), secret)


def _mirrors(agency: Agency, name: str) -> tuple[Store, ...]:
    return tuple(store_at(agency.place(each.url)) for each in agency.file.vaults[name].mirrors)


def _witness(agency: Agency, name: str) -> WitnessPlace:
    """Return where a vault's witness is kept: a file of its name, or objects of its id."""
    place = agency.place(agency.file.witness)
    if is_s3(place):
        return witness_at(place, _vault(agency, name))
    folder = Path(place)
    if folder.is_relative_to(agency.home):
        _private_folder(folder)  # elsewhere, one that is not there is a disk that is not mounted
    return FileWitness(folder / f"{name}.json")


def _postman(agency: Agency, outbox: Outbox, clock: Clock) -> Postman | None:
    """Return who delivers the letters; None: no server is named, and they stay in the outbox."""
    server = agency.file.mail.server
    if server is None:
        return None
    account = Account(
        server.host,
        server.tls,
        server.port,
        server.user,
        partial(secret_text, agency.home, server.password) if server.password else None,
        agency.path(server.ca) if server.ca else None,
    )
    limits = Limits(server.per_minute, server.per_day)
    chance = SystemRandom().random
    quiet = agency.file.mail.quiet
    return Postman(outbox, account, limits, quiet=quiet, clock=clock, jitter=chance, pause=sleep)


def _private_folder(path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UnreachableError(
            "the site's state {path} cannot be written: {reason}",
            hint="Make the folder writable for the user that runs baozhang.",
            path=path,
            reason=error.strerror or type(error).__name__,
        ) from error
    return path
