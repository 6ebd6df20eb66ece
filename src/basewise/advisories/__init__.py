"""What is known to be wrong: feeds, and the store that they are built into."""
