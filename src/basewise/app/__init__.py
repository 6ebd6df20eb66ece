"""What the application asks for, read from its files without executing anything."""
