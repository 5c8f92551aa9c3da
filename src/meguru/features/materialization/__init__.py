"""What is online of feature views, and how it is kept up to date."""
