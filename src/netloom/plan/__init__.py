"""What every switch should hold, computed from intent and observation; pure, incremental, always equal to a full recompute."""
