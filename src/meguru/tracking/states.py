"""The states of a run, by the words that MLflow's clients and searches have for them."""

STATES = {
    "RUNNING": "running",
    "SCHEDULED": "running",
    "FINISHED": "succeeded",
    "FAILED": "failed",
    "KILLED": "cancelled",
}
