"""The public test kit: a clock by hand, ids in sequence, and the suites that judge an adapter."""
