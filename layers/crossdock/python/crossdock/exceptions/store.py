"""The exceptions table, by question: what is on it (`reading`), what becomes of it (`moving`), what comes (`opening`).

They build on each other, because who opens has to look, and to move what is open again. Nothing else in this domain
knows DynamoDB.
"""

from crossdock.exceptions.opening import Opening


class ExceptionsStore(Opening):
    """Opens, shows, corrects, replays, settles and closes exceptions."""
