"""What things cost: processors, memory, accelerators and storage, in money and CO2; and budgets that stop."""
