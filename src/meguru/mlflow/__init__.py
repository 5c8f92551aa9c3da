"""Everything of MLflow: its protocol, and what its clients say of runs and models; import and export."""
