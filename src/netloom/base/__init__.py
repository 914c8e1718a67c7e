"""The ground floor: ids, network value types, the root of the errors. Pure; imports nothing above."""
