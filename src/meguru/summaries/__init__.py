"""What happened, for readers who count in yen and not in AUC: value, risk and change, in plain words."""
