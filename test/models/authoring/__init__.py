"""The models of this folder, one module each, and what they share: goldens, loading and saving."""
