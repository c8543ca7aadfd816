"""Loads landing files into typed raw tables; evaluates what validation rules hold back."""
