"""The pure interpreter: decide(library, state, signal) -> events, evolve(state, event) -> state; no I/O, clock or chance."""
