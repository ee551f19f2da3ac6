# @summary A value of gerrit.config: one, or several under the same name.
type Gerrit::Value = Variant[String[1], Integer, Boolean, Array[String[1], 1]]
