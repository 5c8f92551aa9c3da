"""What was computed and is kept in English, such as why a gate refused, said in other languages."""
