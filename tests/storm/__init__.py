"""Storms: the whole engine against the sandbox's exchange, while everything that can fail fails; judged by its books."""
