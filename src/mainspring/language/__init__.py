"""The protocol language: an agent's files in, a program and diagnostics out; pure, and it never raises."""
