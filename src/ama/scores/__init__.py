"""Anomaly scores: the terms (Eq. 5, Eq. 6 and others), densities, synthetic anomalies, maps and the model."""
