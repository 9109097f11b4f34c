"""Anything a user names, as samples; which of them are normal."""
