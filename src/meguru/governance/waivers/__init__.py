"""Waivers: for a while, with a reason, what a gate refused may go live, because another person says so."""
