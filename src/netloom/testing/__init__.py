"""Kits that test what others build on netloom; product code never imports them."""
