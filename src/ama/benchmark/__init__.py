"""Protocols and measurements that the figures of README and docs come from."""
