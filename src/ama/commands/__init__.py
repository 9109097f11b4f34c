"""What each command does, once its arguments are read: a file for each."""
