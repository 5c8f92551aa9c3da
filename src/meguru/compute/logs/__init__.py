"""What steps print, as it comes from their processes: lines, without secrets."""
