"""Compare any two tables, column by column, without any set-up."""
