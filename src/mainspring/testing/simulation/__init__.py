"""The simulation kit: simulated time, seeded chance, a model that says anything, readers, and what must always hold."""
