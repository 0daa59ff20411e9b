"""`crossdock console`: a page for operators, served to this machine alone. Figures, exceptions, stories, deliveries."""
