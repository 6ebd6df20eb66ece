"""basewise chooses the right Python base image for an application, with evidence."""
