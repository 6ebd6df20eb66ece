"""What applies: one matcher an ecosystem."""
