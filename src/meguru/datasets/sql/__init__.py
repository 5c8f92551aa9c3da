"""SQL over datasets: which texts are asked, and how they are answered within bounds."""
