"""What is wrong with a statement about prices, by the field that says it and what would mend it."""


class StatementError(ValueError):
    """A rule, context or setting that cannot be taken: `field` is its path, `remedy` what to send instead."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}; {remedy}")
        self.field = field
        self.problem = problem
        self.remedy = remedy
