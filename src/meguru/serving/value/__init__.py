"""What an endpoint's model is worth: live, against what had been without retraining, in the business unit."""
