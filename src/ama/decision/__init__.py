"""Decisions from scores: conformal p-values, thresholds, false-discovery control, drift; metrics."""
