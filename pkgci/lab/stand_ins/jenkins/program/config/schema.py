"""The attributes that Jenkins' Configuration as Code has, as far as a public packaging CI needs them.

From reference/jenkins.md ("Configuration as Code", "A public Jenkins, hardened") and the plugins' own documentation,
for Jenkins 2.555 and later with the plugins of pkgci's list. What is not here is refused, as the real one refuses what
it does not know; two things the real one would take are refused on purpose, because they no longer mean anything there:
``remotingSecurity``, and attributes of the crumb issuer.
"""

from __future__ import annotations

from .shapes import Attributes, Flag, ListOf, Number, OneOf, Text

_TEXT, _NUMBER, _FLAG = Text(), Number(), Flag()
_NONE = Attributes()
_MODE = Text(("NORMAL", "EXCLUSIVE"))
_ENVIRONMENT = OneOf({"envVars": Attributes({"env": ListOf(Attributes({"key": _TEXT, "value": _TEXT}, ("key",)))})})

_LDAP_SERVER = Attributes(
    {
        "server": _TEXT,
        "rootDN": _TEXT,
        "inhibitInferRootDN": _FLAG,
        "userSearchBase": _TEXT,
        "userSearch": _TEXT,
        "groupSearchBase": _TEXT,
        "groupSearchFilter": _TEXT,
        "groupMembershipStrategy": OneOf(
            {
                "fromGroupSearch": Attributes({"filter": _TEXT}),
                "fromUserRecord": Attributes({"attributeName": _TEXT}),
            }
        ),
        "managerDN": _TEXT,
        "managerPasswordSecret": _TEXT,
        "displayNameAttributeName": _TEXT,
        "mailAddressAttributeName": _TEXT,
        "ignoreIfUnavailable": _FLAG,
        "extraEnvVars": _TEXT,
    },
    ("server",),
)
_ID_STRATEGY = OneOf({"caseInsensitive": _NONE, "caseSensitive": _NONE, "caseSensitiveEmailAddress": _NONE})

_REALMS = OneOf(
    {
        "local": Attributes(
            {
                "allowsSignup": _FLAG,
                "enableCaptcha": _FLAG,
                "users": ListOf(
                    Attributes(
                        {
                            "id": _TEXT,
                            "name": _TEXT,
                            "password": _TEXT,
                            "description": _TEXT,
                            "properties": ListOf(OneOf({"mailer": Attributes({"emailAddress": _TEXT})})),
                        },
                        ("id",),
                    )
                ),
            }
        ),
        "ldap": Attributes(
            {
                "configurations": ListOf(_LDAP_SERVER),
                "cache": Attributes({"size": _NUMBER, "ttl": _NUMBER}),
                "disableMailAddressResolver": _FLAG,
                "disableRolePrefixing": _FLAG,
                "userIdStrategy": _ID_STRATEGY,
                "groupIdStrategy": _ID_STRATEGY,
            },
            ("configurations",),
        ),
        "oic": Attributes(
            {
                "clientId": _TEXT,
                "clientSecret": _TEXT,
                "serverConfiguration": OneOf(
                    {
                        "wellKnown": Attributes(
                            {"wellKnownOpenIDConfigurationUrl": _TEXT, "scopesOverride": _TEXT},
                            ("wellKnownOpenIDConfigurationUrl",),
                        ),
                        "manual": Attributes(
                            {
                                "authorizationServerUrl": _TEXT,
                                "endSessionUrl": _TEXT,
                                "issuer": _TEXT,
                                "jwksServerUrl": _TEXT,
                                "scopes": _TEXT,
                                "tokenAuthMethod": Text(("client_secret_basic", "client_secret_post")),
                                "tokenServerUrl": _TEXT,
                                "useRefreshTokens": _FLAG,
                                "userInfoServerUrl": _TEXT,
                            },
                            ("authorizationServerUrl", "issuer", "tokenServerUrl"),
                        ),
                    }
                ),
                "userNameField": _TEXT,
                "fullNameFieldName": _TEXT,
                "emailFieldName": _TEXT,
                "groupsFieldName": _TEXT,
                "logoutFromOpenidProvider": _FLAG,
                "postLogoutRedirectUrl": _TEXT,
                "disableSslVerification": _FLAG,
                "rootURLFromRequest": _FLAG,
                "sendScopesInTokenRequest": _FLAG,
                "allowTokenAccessWithoutOicSession": _FLAG,
                "tokenExpirationCheckDisabled": _FLAG,
                "allowedTokenExpirationClockSkewSeconds": _NUMBER,
                "userIdStrategy": _ID_STRATEGY,
                "groupIdStrategy": _ID_STRATEGY,
                "properties": ListOf(
                    OneOf(
                        {
                            "pkce": _NONE,
                            "disableNonce": _NONE,
                            "disableTokenVerification": _NONE,
                            "escapeHatch": Attributes(
                                {"username": _TEXT, "secret": _TEXT, "group": _TEXT}, ("username", "secret")
                            ),
                            "allowedTokenExpirationClockSkew": Attributes({"valueSeconds": _NUMBER}),
                            "loginQueryParameters": Attributes(
                                {"items": ListOf(Attributes({"key": _TEXT, "value": _TEXT}))}
                            ),
                        }
                    )
                ),
            },
            ("clientId", "serverConfiguration"),
        ),
    }
)

_STRATEGIES = OneOf(
    {
        "globalMatrix": Attributes(
            {
                "entries": ListOf(
                    OneOf(
                        {
                            kind: Attributes({"name": _TEXT, "permissions": ListOf(_TEXT)}, ("name", "permissions"))
                            for kind in ("user", "group", "userOrGroup")
                        }
                    )
                )
            }
        ),
        "loggedInUsersCanDoAnything": Attributes({"allowAnonymousRead": _FLAG}),
        "unsecured": _NONE,
    }
)

_NODE = Attributes(
    {
        "name": _TEXT,
        "nodeDescription": _TEXT,
        "remoteFS": _TEXT,
        "labelString": _TEXT,
        "mode": _MODE,
        "numExecutors": _NUMBER,
        "retentionStrategy": OneOf(
            {"always": _NONE, "demand": Attributes({"idleDelay": _NUMBER, "inDemandDelay": _NUMBER})}
        ),
        "nodeProperties": ListOf(_ENVIRONMENT),
        "launcher": OneOf(
            {
                "ssh": Attributes(
                    {
                        "host": _TEXT,
                        "port": _NUMBER,
                        "credentialsId": _TEXT,
                        "javaPath": _TEXT,
                        "jvmOptions": _TEXT,
                        "launchTimeoutSeconds": _NUMBER,
                        "maxNumRetries": _NUMBER,
                        "retryWaitTime": _NUMBER,
                        "prefixStartSlaveCmd": _TEXT,
                        "suffixStartSlaveCmd": _TEXT,
                        "tcpNoDelay": _FLAG,
                        "workDir": _TEXT,
                        "sshHostKeyVerificationStrategy": OneOf(
                            {
                                "manuallyProvidedKeyVerificationStrategy": Attributes({"key": _TEXT}, ("key",)),
                                "manuallyTrustedKeyVerificationStrategy": Attributes(
                                    {"requireInitialManualTrust": _FLAG}
                                ),
                                "knownHostsFileKeyVerificationStrategy": _NONE,
                                "nonVerifyingKeyVerificationStrategy": _NONE,
                            }
                        ),
                    },
                    ("host", "credentialsId"),
                ),
            }
        ),
    },
    ("name", "remoteFS", "launcher"),
)

_CREDENTIAL = {"scope": Text(("SYSTEM", "GLOBAL")), "id": _TEXT, "description": _TEXT}
_CREDENTIALS = OneOf(
    {
        "basicSSHUserPrivateKey": Attributes(
            {
                **_CREDENTIAL,
                "username": _TEXT,
                "passphrase": _TEXT,
                "usernameSecret": _FLAG,
                "privateKeySource": OneOf({"directEntry": Attributes({"privateKey": _TEXT}, ("privateKey",))}),
            },
            ("privateKeySource",),
        ),
        "usernamePassword": Attributes({**_CREDENTIAL, "username": _TEXT, "password": _TEXT, "usernameSecret": _FLAG}),
        "string": Attributes({**_CREDENTIAL, "secret": _TEXT}),
        "file": Attributes({**_CREDENTIAL, "fileName": _TEXT, "secretBytes": _TEXT}),
    }
)

_DISK = Attributes({"freeSpaceThreshold": _TEXT, "freeSpaceWarningThreshold": _TEXT})
_MONITORS = OneOf(
    {
        "architecture": _NONE,
        "clock": _NONE,
        "diskSpace": _DISK,
        "tmpSpace": _DISK,
        "swapSpace": _NONE,
        "responseTime": _NONE,
    }
)
_JENKINS = Attributes(
    {
        "authorizationStrategy": _STRATEGIES,
        "crumbIssuer": OneOf({"standard": _NONE}),
        "disableRememberMe": _FLAG,
        "disabledAdministrativeMonitors": ListOf(_TEXT),
        "globalNodeProperties": ListOf(_ENVIRONMENT),
        "labelString": _TEXT,
        "markupFormatter": OneOf({"plainText": _NONE, "rawHtml": Attributes({"disableSyntaxHighlighting": _FLAG})}),
        "mode": _MODE,
        "nodeMonitors": ListOf(_MONITORS),
        "nodes": ListOf(OneOf({"permanent": _NODE})),
        "noUsageStatistics": _FLAG,
        "numExecutors": _NUMBER,
        "primaryView": OneOf({"all": Attributes({"name": _TEXT})}),
        "projectNamingStrategy": OneOf({"standard": _NONE}),
        "quietPeriod": _NUMBER,
        "scmCheckoutRetryCount": _NUMBER,
        "securityRealm": _REALMS,
        "slaveAgentPort": _NUMBER,
        "systemMessage": _TEXT,
        "updateCenter": Attributes({"sites": ListOf(Attributes({"id": _TEXT, "url": _TEXT}))}),
        "views": ListOf(OneOf({"all": Attributes({"name": _TEXT})})),
    }
)
_SECURITY = Attributes(
    {
        "apiToken": Attributes(
            {
                "creationOfLegacyTokenEnabled": _FLAG,
                "tokenGenerationOnCreationEnabled": _FLAG,
                "usageStatisticsEnabled": _FLAG,
            }
        ),
        "contentSecurityPolicy": Attributes({"enforce": _FLAG}),
        "gitHostKeyVerificationConfiguration": Attributes(
            {
                "sshHostKeyVerificationStrategy": OneOf(
                    {"acceptFirstConnectionStrategy": _NONE, "knownHostsFileVerificationStrategy": _NONE}
                )
            }
        ),
        "sSHD": Attributes({"port": _NUMBER}),
    }
)
_UNCLASSIFIED = Attributes(
    {
        "gearmanPluginConfig": Attributes({"enablePlugin": _FLAG, "host": _TEXT, "port": _NUMBER}),
        "location": Attributes({"url": _TEXT, "adminAddress": _TEXT}),
        "mailer": Attributes(
            {
                "authentication": Attributes({"username": _TEXT, "password": _TEXT}),
                "charset": _TEXT,
                "defaultSuffix": _TEXT,
                "replyToAddress": _TEXT,
                "smtpHost": _TEXT,
                "smtpPort": _TEXT,
                "useSsl": _FLAG,
                "useTls": _FLAG,
            }
        ),
        "timestamper": Attributes({"allPipelines": _FLAG, "elapsedTimeFormat": _TEXT, "systemTimeFormat": _TEXT}),
        "prometheusConfiguration": Attributes(
            {
                "path": _TEXT,
                "useAuthenticatedEndpoint": _FLAG,
                "defaultNamespace": _TEXT,
                "collectingMetricsPeriodInSeconds": _NUMBER,
                "collectDiskUsage": _FLAG,
                "collectNodeStatus": _FLAG,
            }
        ),
    }
)

DOCUMENT = Attributes(
    {
        "jenkins": _JENKINS,
        "security": _SECURITY,
        "unclassified": _UNCLASSIFIED,
        "credentials": Attributes(
            {
                "system": Attributes(
                    {
                        "domainCredentials": ListOf(
                            Attributes(
                                {
                                    "domain": Attributes({"name": _TEXT, "description": _TEXT}),
                                    "credentials": ListOf(_CREDENTIALS),
                                }
                            )
                        )
                    }
                )
            }
        ),
        "configuration-as-code": Attributes(
            {"version": _NUMBER, "deprecated": Text(("warn", "reject")), "restricted": Text(("reject", "beta"))}
        ),
    }
)

# The permissions of Jenkins and of the plugins of pkgci's list (matrix-auth's names for them).
PERMISSIONS = frozenset(
    f"{group}/{name}"
    for group, names in {
        "Overall": ("Administer", "Read", "SystemRead", "Manage"),
        "Agent": ("Build", "Configure", "Connect", "Create", "Delete", "Disconnect", "ExtendedRead", "Provision"),
        "Credentials": ("Create", "Delete", "ManageDomains", "Update", "View", "UseItem", "UseOwn"),
        "Job": (
            *("Build", "Cancel", "Configure", "Create", "Delete", "Discover", "ExtendedRead", "Move", "Read"),
            *("ViewStatus", "Workspace"),
        ),
        "Metrics": ("HealthCheck", "ThreadDump", "View"),
        "Run": ("Artifacts", "Delete", "Replay", "Update"),
        "SCM": ("Tag",),
        "View": ("Configure", "Create", "Delete", "Read"),
    }.items()
    for name in names
)
