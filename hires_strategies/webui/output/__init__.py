"""What a generation returns beside its image: further images, records, contact sheets."""
