"""What a pose is: pure maths, arrays in, new arrays out."""
