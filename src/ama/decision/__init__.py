"""From scores to decisions: conformal p-values, thresholds, false-discovery control, drift; metrics."""
