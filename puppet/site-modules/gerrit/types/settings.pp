# @summary Sections of gerrit.config, each with its keys. A subsection follows its section after a dot, as in 'plugin.oauth'.
type Gerrit::Settings = Hash[Pattern[/\A[A-Za-z][A-Za-z0-9-]*(\.[^"\\\n]+)?\z/], Hash[Pattern[/\A[A-Za-z][A-Za-z0-9-]*\z/], Gerrit::Value]]
