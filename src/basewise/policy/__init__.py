"""What the user decides about findings: rules that ignore them, VEX statements about them, gates on them."""
