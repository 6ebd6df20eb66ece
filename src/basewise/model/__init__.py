"""The nouns of basewise: frozen values, parsed at the edge, without input or output."""
