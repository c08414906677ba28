"""Recordings that a network answers: pictures of them, and copies with the answers in them."""
