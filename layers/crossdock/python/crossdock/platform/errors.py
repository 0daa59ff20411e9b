"""The errors that cross a room's border, as a tree.

CrossdockError
├── StoreUnavailableError     a table or queue did not answer in time: try again, nothing is half done
├── NotConfiguredError        something that an operator must set is not set
└── Problem                   a request that cannot be served (crossdock.platform.problems)
"""


class CrossdockError(Exception):
    """Anything that crossdock raises on purpose."""


class StoreUnavailableError(CrossdockError):
    """A table, queue or bus did not take or give what was asked; the same work may be sent again unharmed."""


class NotConfiguredError(CrossdockError):
    """An operator must set something first; the message says what and with which command."""
