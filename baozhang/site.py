"""A site as its duties see it: what there is to protect, where to, and where it is written down.

`Site` holds opened parts and no settings of its own; `baozhang.wiring.open_site` makes one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from baozhang.audit.log import AuditLog
from baozhang.catalog.catalog import Catalog
from baozhang.clock import Clock
from baozhang.errors import UsageError
from baozhang.mail.delivery import Postman
from baozhang.mail.outbox import Outbox
from baozhang.policies.pace import Pace
from baozhang.settings import Agency, ClientFile, ClientSet
from baozhang.sources.base import Source
from baozhang.sourcing import Sources
from baozhang.vault.stores.base import Store
from baozhang.vault.vault import Vault
from baozhang.vault.witness import WitnessPlace


@dataclass(frozen=True, slots=True)
class Site:
    """What a duty needs.  Valid only inside the `with` of `open_site`; safe to share by threads."""

    home: Path
    agency: Agency
    clock: Clock
    catalog: Catalog
    audit: AuditLog
    outbox: Outbox
    postman: Postman | None  # None: no mail server is named, letters stay in the outbox
    scratch: Path  # for restores that are thrown away; on the site's own disk, mode 0700
    vault_named: Callable[[str], Vault]
    mirrors_named: Callable[[str], tuple[Store, ...]]
    paces_named: Callable[[str], tuple[Pace, ...]]  # how fast and when, mirror by mirror
    witness_named: Callable[[str], WitnessPlace]  # where a vault's newest commits are known
    sources: Sources

    @property
    def cache(self) -> Path:
        """Where backups keep what makes the next one small; may be deleted at any time."""
        return self.home / "cache"

    def client(self, client: str) -> ClientFile:
        """Return the client's settings.

        Raises:
            UsageError: no such client.
        """
        found = self.agency.clients.get(client)
        if found is None:
            raise UsageError(
                "client {client} is not known",
                hint="Run `baozhang client list` and choose an id from it.",
                client=client[:40],
            )
        return found

    def client_set(self, client: str, set_name: str) -> ClientSet:
        """Return one set of a client.

        Raises:
            UsageError: no such client, or it has no such set.
        """
        found = self.client(client).sets.get(set_name)
        if found is None:
            raise UsageError(
                "client {client} has no set {set}",
                hint="Run `baozhang client list` and choose one of the client's sets.",
                client=client,
                set=set_name[:40],
            )
        return found

    def vault(self, client: str, set_name: str) -> Vault:
        """Return the opened vault that keeps a set of a client.

        Raises:
            UsageError: no such set, no vault there, or its key cannot be read.
            WrongKeyError: the key does not open it.
            StoreUnreachableError: try later.
        """
        self.client_set(client, set_name)
        return self.vault_named(self.agency.file.sets[set_name].vault)

    def mirrors(self, client: str, set_name: str) -> tuple[Store, ...]:
        """Return the stores that hold copies of that vault, in the file's order."""
        self.client_set(client, set_name)
        return self.mirrors_named(self.agency.file.sets[set_name].vault)

    def source(self, client: str, set_name: str) -> Source:
        """Return where a set of a client lies; every path in it begins with its source's name."""
        self.client_set(client, set_name)
        return self.sources.of(client, set_name)
