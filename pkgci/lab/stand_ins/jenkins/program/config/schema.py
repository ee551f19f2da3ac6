"""The attributes that Jenkins' Configuration as Code has, as far as a public packaging CI needs them.

From reference/jenkins.md ("Configuration as Code", "A public Jenkins, hardened") and the plugins' own documentation,
for Jenkins 2.555 and later with the plugins of pkgci's list. What is not here is refused, as the real one refuses what
it does not know; two things the real one would take are refused on purpose, because they no longer mean anything there:
``remotingSecurity``, and attributes of the crumb issuer.
"""

from __future__ import annotations

from .realms import REALMS
from .shapes import Attributes, Flag, ListOf, Number, OneOf, Text

_TEXT, _NUMBER, _FLAG = Text(), Number(), Flag()
_NONE = Attributes()
_MODE = Text(("NORMAL", "EXCLUSIVE"))
_ENVIRONMENT = OneOf({"envVars": Attributes({"env": ListOf(Attributes({"key": _TEXT, "value": _TEXT}, ("key",)))})})

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
            },
            name="computerLauncher",
            kind="hudson.slaves.ComputerLauncher",
        ),
    },
    ("name", "remoteFS", "launcher"),
)

_SCOPE = Text(
    ("SYSTEM", "GLOBAL"),
    said="systemCredentialsProvider: Failed to configure 'system': Failed to set attribute 'domainCredentials'",
    near=("credentials", "system"),
)
_CREDENTIAL = {"scope": _SCOPE, "id": _TEXT, "description": _TEXT}
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
        "securityRealm": REALMS,
        "slaveAgentPort": _NUMBER,
        "systemMessage": _TEXT,
        "updateCenter": Attributes({"sites": ListOf(Attributes({"id": _TEXT, "url": _TEXT}))}),
        "views": ListOf(OneOf({"all": Attributes({"name": _TEXT})})),
    },
    name="jenkins",
    kind="jenkins.model.Jenkins",
    known=(
        *("authorizationStrategy", "clouds", "crumbIssuer", "disableRememberMe", "disabledAdministrativeMonitors"),
        *("globalNodeProperties", "labelAtoms", "labelString", "log", "markupFormatter", "mode", "noUsageStatistics"),
        *("nodeMonitors", "nodeName", "nodeProperties", "nodes", "numExecutors", "primaryView"),
        *("projectNamingStrategy", "proxy", "quietPeriod", "remotingSecurity", "scmCheckoutRetryCount"),
        *("securityRealm", "slaveAgentPort", "systemMessage", "updateCenter", "views", "viewsTabBar"),
    ),
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
        "gearmanPluginConfig": Attributes(
            {"enablePlugin": _FLAG, "host": _TEXT, "port": _NUMBER},
            kind="hudson.plugins.gearman.GearmanPluginConfig",
        ),
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
