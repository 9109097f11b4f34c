"""Anything a user names, as samples; which samples are normal."""
