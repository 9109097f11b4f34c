"""The scikit-learn estimators: the contract of every detector, AMADetector, and the registry."""
