"""What every switch should hold, made of intent and observation: pure, incremental, always equal to a full recompute."""
