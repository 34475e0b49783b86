"""What is checked and by which limits: stacks.toml and waivers.toml, read and explained."""
