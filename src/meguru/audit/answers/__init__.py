"""Questions of an auditor, answered from the log alone: what it says is what chain and checkpoints prove."""
