# @summary Sections of secure.config, each with its keys, as in gerrit.config.
type Gerrit::Secrets = Hash[Pattern[/\A[A-Za-z][A-Za-z0-9-]*(\.[^"\\\n]+)?\z/], Hash[Pattern[/\A[A-Za-z][A-Za-z0-9-]*\z/], String[1]]]
