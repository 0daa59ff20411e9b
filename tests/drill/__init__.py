"""Faults on the deployed app, each seen by a figure, told by an alarm, ended by a runbook; nothing lost."""
