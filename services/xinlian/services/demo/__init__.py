"""The demo: the whole life of vouchers on a real chain, from a file of receivables to the books."""
