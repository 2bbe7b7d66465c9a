"""What a generation returns besides its image: further images, records, contact sheets."""
