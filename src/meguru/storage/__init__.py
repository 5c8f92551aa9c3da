"""Where state lives: one database for facts, one content-addressed store for bytes."""
