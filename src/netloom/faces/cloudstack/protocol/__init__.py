"""How CloudStack's requests and answers are written: parameters, signatures, envelopes. No I/O, no clock."""
