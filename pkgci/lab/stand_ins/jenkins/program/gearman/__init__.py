"""The Gearman plugin's part: one worker for each executor, and one that stops and describes builds."""
