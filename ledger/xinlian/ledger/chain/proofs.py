"""What else a data folder knows of the chain's length: blocks that the journal must hold.

A block enters a snapshot or the archive only after its record is sealed. So a journal that ends
below lost its end, however whole it looks.
"""

from __future__ import annotations

from xinlian.ledger.chain import snapshot
from xinlian.ledger.chain.archive.proof import proven_height
from xinlian.ledger.chain.data_folder import DataFolder
from xinlian.ledger.chain.errors import NodeStartError
from xinlian.ledger.chain.journal import Journal


def check_end(journal: Journal, height: int) -> None:
    """Raise :class:`NodeStartError` if there is proof of blocks above the journal's last one."""
    folder = DataFolder(journal.path.parent)
    genesis = journal.genesis
    proofs = (
        (
            f"a snapshot in {folder.path} was taken at",
            snapshot.proven_height(folder.snapshots, genesis.hex()),
        ),
        (f"the archive {folder.archive} reaches", proven_height(folder.archive, genesis)),
    )
    for what, proven in proofs:
        if proven > height:
            raise NodeStartError(
                f"The journal ends at block {height}, but {what} block {proven}: the journal lost "
                "its end. Nothing was changed. Restore it from a backup; see "
                "chain-node/embedded/README.md."
            )
