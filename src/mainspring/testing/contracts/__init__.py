"""The parts of the contract suites, a file for each noun of a port."""
