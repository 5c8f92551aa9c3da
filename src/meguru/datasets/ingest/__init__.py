"""Tables become Parquet when they are registered: in bounded memory, each value proved."""
