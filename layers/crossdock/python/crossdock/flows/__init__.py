"""Where domains meet: what more than one of them is needed for, put together for the handlers."""
