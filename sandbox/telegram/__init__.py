"""A Bot API on loopback with a chat page: as strict as the real one, and a stranger to whatever bot talks to it."""
