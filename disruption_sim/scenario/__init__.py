"""What if: a planner's file becomes one frozen, checked ``Scenario``."""
