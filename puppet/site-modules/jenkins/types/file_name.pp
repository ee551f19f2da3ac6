# @summary The name of a file, without a folder.
type Jenkins::File_name = Pattern[/\A[A-Za-z0-9_][A-Za-z0-9_.-]*\z/]
