"""What MLflow's protocol asks of experiments and runs beyond our own: numbers, stages, dataset inputs."""
