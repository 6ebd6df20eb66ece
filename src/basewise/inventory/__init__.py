"""What is inside an image: one cataloger a file, over a file tree."""
