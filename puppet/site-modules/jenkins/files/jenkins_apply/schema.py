"""What Jenkins' own check passes over: types, and what must be there, of the attributes that pkgci writes.

From recordings of Jenkins 2.541.3 with configuration-as-code 2117: `check` finds unknown attributes, roots and kinds,
but no wrong type, no missing host, credential or name.
"""

from __future__ import annotations

from .shapes import Attributes, Choice, Flag, Items, Kind, Shape, Text, Whole

_TEXT, _FLAG, _PORT = Text(), Flag(), Whole(1, 65535)
_MODE = Choice(("NORMAL", "EXCLUSIVE"))
_HOST_KEY = Text(r"[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?", "a host key as in 'ssh-ed25519 AAAA…'")
_ENVIRONMENT = Kind({"envVars": Attributes({"env": Items(Attributes({"key": _TEXT}, ("key",)))})})

_SSH = Attributes(
    {
        "host": Text(r"\S+", "a host's name or address"),
        "port": _PORT,
        "credentialsId": _TEXT,
        "javaPath": _TEXT,
        "launchTimeoutSeconds": Whole(0),
        "maxNumRetries": Whole(0),
        "retryWaitTime": Whole(0),
        "tcpNoDelay": _FLAG,
        "sshHostKeyVerificationStrategy": Kind(
            {"manuallyProvidedKeyVerificationStrategy": Attributes({"key": _HOST_KEY}, ("key",))}
        ),
    },
    ("host", "port", "credentialsId"),
)
# A name that Jenkins takes for a node, a job or a view.
NAME = Text(r"(?!\.+$)[^?*/\\%!@#$^&|<>\[\]:;\x00-\x1f]+", "a name without any of ?*/\\%!@#$^&|<>[]:;")
_NODE = Attributes(
    {
        "name": NAME,
        "remoteFS": Text(r"/.*|[A-Za-z]:\\.*", "an absolute path"),
        "mode": _MODE,
        "numExecutors": Whole(1, 10_000),
        "launcher": Kind({"ssh": _SSH}),
        "nodeProperties": Items(_ENVIRONMENT),
    },
    ("name", "remoteFS", "launcher"),
)

_ENTRY = Attributes({"name": _TEXT, "permissions": Items(_TEXT)}, ("name", "permissions"))
_STRATEGY = Kind(
    {
        "globalMatrix": Attributes({"entries": Items(Kind({"user": _ENTRY, "group": _ENTRY, "userOrGroup": _ENTRY}))}),
        "loggedInUsersCanDoAnything": Attributes({"allowAnonymousRead": _FLAG}),
    }
)
_LDAP = Attributes({"server": Text(r"\S+", "one address"), "managerPasswordSecret": _TEXT}, ("server",))
_REALM = Kind(
    {
        "local": Attributes(
            {"allowsSignup": _FLAG, "users": Items(Attributes({"id": _TEXT, "password": _TEXT}, ("id",)))}
        ),
        "ldap": Attributes({"configurations": Items(_LDAP)}, ("configurations",)),
        "oic": Attributes(
            {"clientId": _TEXT, "clientSecret": _TEXT, "userNameField": _TEXT}, ("clientId", "serverConfiguration")
        ),
    }
)
_CREDENTIAL: dict[str, Shape] = {"scope": Choice(("SYSTEM", "GLOBAL")), "id": _TEXT}
_KEY = Attributes(
    {
        **_CREDENTIAL,
        "username": _TEXT,
        "privateKeySource": Kind({"directEntry": Attributes({"privateKey": _TEXT}, ("privateKey",))}),
    },
    ("username", "privateKeySource"),
)
_OTHER = Attributes(dict(_CREDENTIAL))
_DOMAIN = Attributes(
    {
        "credentials": Items(
            Kind({"basicSSHUserPrivateKey": _KEY, "usernamePassword": _OTHER, "string": _OTHER, "file": _OTHER})
        )
    }
)

DOCUMENT = Attributes(
    {
        "jenkins": Attributes(
            {
                "authorizationStrategy": _STRATEGY,
                "disableRememberMe": _FLAG,
                "globalNodeProperties": Items(_ENVIRONMENT),
                "mode": _MODE,
                "nodes": Items(Kind({"permanent": _NODE})),
                "noUsageStatistics": _FLAG,
                "numExecutors": Whole(0, 10_000),
                "quietPeriod": Whole(0),
                "scmCheckoutRetryCount": Whole(0),
                "securityRealm": _REALM,
                "slaveAgentPort": Whole(-1, 65535),
            }
        ),
        "security": Attributes({"contentSecurityPolicy": Attributes({"enforce": _FLAG})}),
        "unclassified": Attributes(
            {
                "gearmanPluginConfig": Attributes(
                    {"enablePlugin": _FLAG, "host": Text(r"\S+", "a host's name or address"), "port": _PORT}
                ),
                "location": Attributes({"url": Text(r"https?://\S+", "a web address"), "adminAddress": _TEXT}),
                "mailer": Attributes({"smtpHost": _TEXT, "smtpPort": _PORT, "useSsl": _FLAG, "useTls": _FLAG}),
            }
        ),
        "credentials": Attributes({"system": Attributes({"domainCredentials": Items(_DOMAIN)})}),
    }
)

# Group → its permissions, in matrix-auth's form `Group/Permission`. Of groups that are not here Jenkins knows more.
PERMISSIONS = {
    "Overall": ("Administer", "Manage", "Read", "SystemRead"),
    "Agent": ("Build", "Configure", "Connect", "Create", "Delete", "Disconnect", "ExtendedRead", "Provision"),
    "Credentials": ("Create", "Delete", "ManageDomains", "Update", "UseItem", "UseOwn", "View"),
    "Job": (
        *("Build", "Cancel", "Configure", "Create", "Delete", "Discover", "ExtendedRead", "Move", "Read"),
        *("ViewStatus", "Workspace"),
    ),
    "Run": ("Artifacts", "Delete", "Replay", "Update"),
    "SCM": ("Tag",),
    "View": ("Configure", "Create", "Delete", "Read"),
}
