"""What people and other programs read: text made of typed data, without reaching anything."""
