# @summary The name of a node: one that Jenkins takes, and that is one word in Gearman's answers.
type Jenkins::Node_name = Pattern[/\A[A-Za-z0-9_][A-Za-z0-9_.-]*\z/]
