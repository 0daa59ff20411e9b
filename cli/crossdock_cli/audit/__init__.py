"""The trail of what operators change: one record before the first change of a command, one when it has ended."""
