"""The pure interpreter: signals become events, events become state; no I/O, no clock, no chance."""
