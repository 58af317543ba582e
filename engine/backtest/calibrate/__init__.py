"""The search over settings and what may honestly be said about it: chosen on the past, judged on what came next."""
