"""What is shown to somebody who was not there: that the log is whole, and what it answers."""
