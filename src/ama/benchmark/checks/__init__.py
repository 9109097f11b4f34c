"""Checks of what the documentation claims: anomaly maps, false-alarm rates, equivalence of the training steps."""
