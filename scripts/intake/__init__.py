"""Landing files become typed raw tables; what the rules hold back."""
