"""The stores: where sessions, agents and keys are kept."""
