"""The attributes of Jenkins' security realms: its own users, the LDAP plugin's, and the OpenID Connect plugin's."""

from __future__ import annotations

from .shapes import Attributes, Flag, ListOf, Number, OneOf, Text

_TEXT, _NUMBER, _FLAG = Text(), Number(), Flag()
_NONE = Attributes()

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

REALMS = OneOf(
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
