"""A small story whose every answer is known, for the tests of the queries."""

from typing import Any

from sqlalchemy import Engine
from xinlian.ledger.chain.indexer import Indexer
from xinlian.ledger.model.ids import DocumentKey, FinancingId, PartyId, PieceId
from xinlian.ledger.model.items import (
    Accept,
    Combine,
    Decline,
    Disburse,
    Issue,
    Redeem,
    RegisterDocument,
    RegisterFinancing,
    Transfer,
)

from tests.ledger.book.network import TODAY, key
from tests.ledger.indexer.logs import CONTRACTS
from tests.ledger.indexer.model_chain import CHAIN_ID, ModelChain

DAY = 86_400
INVOICES = key("invoice 1"), key("invoice 2")
BUNDLE = key("bundle")


class Story:
    """Issuer → supplier → supplier2 → supplier3 on a bundle of two invoices; part is financed."""

    def __init__(self, engine: Engine) -> None:
        chain = self.chain = ModelChain()
        net = self.net = chain.net
        for invoice in INVOICES:
            chain.do(net.issuer, RegisterDocument(invoice, 4, net.supplier, 600))
        chain.do(net.issuer, RegisterDocument(BUNDLE, 5, net.supplier, 0))
        for invoice in INVOICES:
            chain.do(net.issuer, Combine(BUNDLE, invoice, 500))
        self.issued = self.deed(net.issuer, self._issue(BUNDLE, 1_000, TODAY + 60))
        self.issue_block = chain.seal()
        chain.do(net.supplier, Accept(self.issued))
        self.first = self.pass_on(net.supplier, self.issued, 600, net.supplier2)
        self.second = self.pass_on(net.supplier2, self.first, 250, net.supplier3)
        self.passed_block = chain.seal()
        refused = self.deed(net.issuer, self._issue(INVOICES[0], 100, TODAY + 30))
        chain.do(net.supplier, Decline(refused, 4))
        self.refused = refused
        self.later = self.deed(net.issuer, self._issue(INVOICES[1], 100, TODAY + 61))
        chain.do(net.supplier, Accept(self.later))
        opened = chain.do(net.supplier, net.opening(self.issued, 300, sale=False))
        assert opened is not None
        self.financing = FinancingId(opened[0])
        chain.do(net.funder, RegisterFinancing(self.financing, key("reg"), bytes(32)))
        chain.do(net.bank, Disburse(self.financing, 270, key("paid")))
        self.offered = self.deed(
            net.supplier3, Transfer(self.second, 50, False, net.supplier, net.now + DAY, 2)
        )
        chain.do(net.bank, Redeem(self.issued, 60, key("receipt")))
        chain.seal()
        self.engine = engine
        Indexer(engine, chain, CONTRACTS, CHAIN_ID).catch_up()

    def _issue(self, document: DocumentKey, face: int, due: int) -> Issue:
        net = self.net
        return Issue(net.supplier, net.bank, face, due, net.now + DAY, document, key("terms"))

    def deed(self, party: int, item: Any) -> PieceId:
        results = self.chain.do(party, item)
        assert results is not None, item
        return PieceId(results[0])

    def pass_on(self, sender: int, piece: PieceId, amount: int, to: PartyId) -> PieceId:
        item = Transfer(piece, amount, False, to, self.net.now + DAY, 1)
        part = self.deed(sender, item)
        assert self.chain.do(to, Accept(part)) is not None
        return part
