"""A text without its secrets; and what is not a secret stays as it was."""

from __future__ import annotations

import json
import time

import pytest

from opschecks.core.redaction import MASK, as_masked, plain, redact_text

SECRET = "S3cr3tV4lue9"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
JWT = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N"))
BASE64 = "dXNlcjpwYXNzd29yZA=="

MASKED: dict[str, tuple[str, str]] = {
    "access key": (f"the key {KEY_ID} is old", KEY_ID),
    "temporary access key": ("ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"),
    "bearer header": (f"Authorization: Bearer {SECRET}", SECRET),
    "bearer header in small letters": (f"authorization: bearer {SECRET}", SECRET),
    "bearer header in capitals": (f"AUTHORIZATION: BEARER {SECRET}", SECRET),
    "bearer without its header": (f"sent Bearer {SECRET} and got 401", SECRET),
    "bearer after a tab": (f"sent Bearer\t{SECRET}", SECRET),
    "bearer after two spaces": (f"sent Bearer  {SECRET}", SECRET),
    "basic header": (f"Authorization: Basic {BASE64}", BASE64),
    "basic header of a proxy": (f"proxy-authorization: basic {BASE64}", BASE64),
    "token header": (f"Authorization: Token {SECRET}", SECRET),
    "token header as Python": (f"{{'Authorization': 'token {SECRET}'}}", SECRET),
    "bare header": (f"Authorization: {SECRET}", SECRET),
    "signed header": (f"Authorization: AWS4-HMAC-SHA256 Credential={KEY_ID}/x, Signature={SECRET}", SECRET),
    "security token header": (f"X-Amz-Security-Token: {SECRET}", SECRET),
    "cookie that is set": (f"Set-Cookie: AWSALB={SECRET}; Path=/", SECRET),
    "JSON": (f'{{"password": "{SECRET}", "user": "me"}}', SECRET),
    "JSON in JSON": (f'{{"body": "{{\\"dbPassword\\": \\"{SECRET}\\"}}"}}', SECRET),
    "JSON of credentials": (f'{{"SecretAccessKey": "{SECRET}"}}', SECRET),
    "JSON whose value begins with punctuation": (f'{{"password": "a,{SECRET}"}}', SECRET),
    "JSON whose value has punctuation": (f'{{"password": "first,{SECRET}"}}', SECRET),
    "JSON whose value has spaces": (f'{{"password": "correct horse {SECRET}"}}', SECRET),
    "JSON whose value is a list": (f'{{"passwords": ["{SECRET}"]}}', SECRET),
    "JSON whose list is cut": (f'{{"passwords": ["first", "{SECRET}', SECRET),
    "Python bytes": (f"{{'SessionToken': b'{SECRET}'}}", SECRET),
    "Python bytes by name": (f"{{b'SessionToken': b'{SECRET}'}}", SECRET),
    "environment": (f"AWS_SECRET_ACCESS_KEY={SECRET}", SECRET),
    "environment, exported": (f"export DB_PASSWORD='{SECRET}'", SECRET),
    "environment, short": (f"MYSQL_PWD={SECRET}", SECRET),
    "environment, many": (f"A=1 API_TOKEN={SECRET} B=2", SECRET),
    "properties": (f"spring.datasource.password: {SECRET}", SECRET),
    "connection string": (f"Server=db;User=me;Password={SECRET};", SECRET),
    "signed URL": (f"https://b.s3.test/k?X-Amz-Credential={KEY_ID}%2Fx&X-Amz-Signature={SECRET}&a=1", SECRET),
    "URL whose password has an @": (f"https://me:p@{SECRET}@host.test/x", SECRET),
    "URL whose password has an escape": (f"amqp://me:p%40{SECRET}@mq.test", SECRET),
    "URL with a password and no user": (f"redis://:{SECRET}@cache.test:6379/0", SECRET),
    "option": (f"mysql --password {SECRET} --host db", SECRET),
    "option with =": (f"mysql --password={SECRET}", SECRET),
    "GitHub": (f"cloned with {'ghp_' + SECRET * 3}", SECRET),
    "GitHub, fine-grained": ("github_pat_" + SECRET * 3, SECRET),
    "GitLab": ("glpat-" + SECRET, SECRET),
    "Slack": (f"xoxb-1234-{SECRET}", SECRET),
    "JWT": (f"got {JWT}", JWT.rpartition(".")[2]),
    "private key": (f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----", SECRET),
    "private key that is cut": (f"-----BEGIN PRIVATE KEY-----\n{SECRET}", SECRET),
}


@pytest.mark.parametrize(("text", "secret"), MASKED.values(), ids=MASKED)
def test_a_secret_is_masked(text: str, secret: str) -> None:
    assert secret in text
    told = redact_text(text)
    assert secret not in told
    assert MASK in told
    assert redact_text(told) == told


RANDOM = "wJalrXUtnFEMI7MDENGbPxRfiCYzK3"
"""As a secret access key looks."""
LEAKS = (  # around <S>, which is a secret
    "password: <S>",
    "- token: <S>",
    "export API_TOKEN: <S>",
    "could not log in as me, password: <S>",
    "could not log in (password: <S>)",
    "user: me; password: <S>; host: db",
    "Token: <S>\r\nHost: db.test",
    "X-Api-Key: <S>\nHost: db.test",
    "curl -H 'X-Auth-Token: <S>' https://host.test",
    "curl -H 'Authorization: Bearer <S>' https://host.test",
    "Cookie: theme=dark; session=<S>",
    '{"Token": "<S>"}',
    '{"nested": {"db_password":"<S>"}}',
    "{'api_key': u'x', 'password': '<S>'}",
    "{'password': <S>}",
    '{"Cookie": "session=<S>"}',
    '{"set-cookie": "AWSALB=<S>; Path=/"}',
    "password => '<S>'",
    "PASSWORD='correct horse <S>'",
    "mysql --password 'correct horse <S>' shop",
    'tool --api-token="correct horse <S>"',
    "<SecretAccessKey><S></SecretAccessKey>",
    "<db:password>correct horse <S></db:password>",
    "https://host.test/x?token=<S>&page=2",
    "https://host.test/x#access_token=<S>",
    "client_secret = <S>",
    "Pwd=<S>;Encrypt=yes",
    "amqp://me:<S>@mq.test",
    '{"log":"DB_PASSWORD: <S>\\n","stream":"stderr"}',
    '{"message":"headers: Authorization: Bearer <S>\\r\\nHost: x"}',
    "[password: <S>]",
    "- password: <S> # of the shop",
    "\x1b[33mDB_PASSWORD: <S>\x1b[0m",
    "started with DB_PASSWORD: <S> DB_HOST: db",
    "GET / x-api-key: <S> user-agent: curl",
    "spring.datasource.password: <S> (from env)",
    "user:bob password:<S> host:x",
    "curl -H x-api-key:<S> https://host.test",
    '{"name": "DB_PASSWORD", "value": "<S>"}',
    "[{'name': 'PORT', 'value': '8000'}, {'name': 'API_TOKEN', 'value': '<S>'}]",
    '{"Key": "db:password", "Value": "correct horse <S>"}',
    '{"value": "<S>", "name": "session-token"}',
    '{"body": "{\\"name\\": \\"API_KEY\\", \\"value\\": \\"<S>\\"}"}',
    '["app", "--password", "<S>", "--port", "80"]',
    "Popen(['mysql', '--password', 'correct horse <S>'])",
    "['-api-key', '<S>']",
    "curl -H 'X-Auth: <S>' https://host.test",
    "{'X-Vault-Auth': '<S>'}",
    "https://host.test/hook?sig=<S>&page=2",
    "https://bucket.test/o?X-Goog-Signature=<S>",
    "{'Set-Cookie': 'AWSALB=<S>; Path=/'}",
    "{'set-cookie': ['AWSALB=<S>; Path=/', 'b=<S>']}",
    "('Set-Cookie', 'AWSALB=<S>; Path=/')",
    "headers = [(b'set-cookie', b'AWSALB=<S>')]",
    "[('x-amz-security-token', '<S>')]",
)
ANYWHERE = (  # around <R>, which looks as nothing but a secret does
    "the token <R> was refused",
    "the secret key <R> was refused",
    "the password is <R>, as ever",
    "The secret is: <R>",
    "refused: token: <R> is not known",
    "request had Authorization: Bearer <R> from 10.0.0.1",
    "Authorization: token <R> was sent",
    "curl -H Authorization:Bearer\\ <R> https://host.test",
    "token: 2026-11-29-<R> is of today",
    "/prod/db/password: <R>",
    "https://host.test/login?code=<R>&page=2",
    "https://host.test/page?k=<R>",
)


@pytest.mark.parametrize("text", LEAKS + ANYWHERE)
def test_a_secret_is_masked_for_its_place(text: str) -> None:
    for secret in ("correcthorse", "hunter2", SECRET) if text in LEAKS else (RANDOM,):
        told = redact_text(text.replace("<S>", secret).replace("<R>", secret))
        assert secret not in told
        assert MASK in told
        assert redact_text(told) == told


LONG: dict[str, str] = {
    "a word": "a",
    "a word of names": "-token",
    "names and colons": "token:",
    "names and equals": "token=",
    "names of options": "--token",
    "names in a property": "secret.",
    "names and quotes": 'token="',
    "names and lists": "token=[",
    "names and spaces": "token ",
    "spaces": " ",
    "newlines": "\n",
    "dashes": "-",
    "backslashes": "\\",
    "beginnings of a JWT": "-eyJ",
    "parts of a JWT": "eyJ.abcdefghijkl.",
    "addresses": "://a:",
    "users": "a:",
    "at signs": "@",
    "bearers": "bearer ",
    "cookies": "cookie: ",
    "private keys": "-----BEGIN ",
    "ends of private keys": "-----END A",
    "base64": "QUJD",
    "letters and digits": "a1",
    "letters and signs": "a@",
    "quotes and names": "'token: ",
    "elements": "<token>",
    "random texts": "token aB1 ",
    "prose": "the security token included in the request is expired. ",
}


@pytest.mark.parametrize(("name", "value"), [("name", "value"), ("Name", "Value"), ("key", "value"), ("Key", "Value")])
def test_the_value_beside_the_name_of_a_secret_is_masked(name: str, value: str) -> None:
    assert plain([{name: "DB_PASSWORD", value: "two words"}]) == [{name: "DB_PASSWORD", value: MASK}]
    assert plain([{name: "DB_HOST", value: "two words"}]) == [{name: "DB_HOST", value: "two words"}]


def _seconds(text: str, tries: int) -> float:
    """What redacting it costs at best, of this process's own time."""
    costs = []
    for _ in range(tries):
        begun = time.process_time()
        redact_text(text)
        costs.append(time.process_time() - begun)
    return min(costs)


@pytest.mark.parametrize("begin", ["", "token=", 'token="', "://", "eyJ"])
@pytest.mark.parametrize("part", LONG.values(), ids=LONG)
def test_four_times_the_text_costs_four_times_the_time(begin: str, part: str) -> None:
    """And not sixteen times: names of 10 KB and logs of 1 MB must end."""
    few, many = (f"key {begin}{part * (size // len(part))} key" for size in (2_500, 10_000))
    ratios = (_seconds(many, tries) / max(_seconds(few, tries), 0.0002) for tries in (3, 30))
    assert any(one < 9 for one in ratios), "other processes may disturb 3 tries, and not 30"


def test_what_stands_around_a_secret_is_kept() -> None:
    assert redact_text(f"GET https://me:{SECRET}@host.test:8443/health: refused") == (
        f"GET https://{MASK}@host.test:8443/health: refused"
    )
    assert redact_text(f'{{"user": "me", "password": "{SECRET}", "host": "db"}}') == (
        f'{{"user": "me", "password": "{MASK}", "host": "db"}}'
    )
    assert redact_text(f"A=1 API_TOKEN={SECRET} B=2") == f"A=1 API_TOKEN={MASK} B=2"
    assert redact_text(f"the key {KEY_ID} is 97 days old") == f"the key {MASK} is 97 days old"


KEPT = (
    "sts:GetCallerIdentity: ExpiredTokenException: The security token included in the request is expired",
    "sts:GetCallerIdentity: InvalidClientTokenId: The security token included in the request is invalid",
    "sts:GetCallerIdentity: NoCredentialsError: Unable to locate credentials",
    "ecs:ListTasks: UnrecognizedClientException: The security token included in the request is invalid.",
    "s3:GetObject: SignatureDoesNotMatch: The request signature we calculated does not match",
    "secretsmanager:GetSecretValue: AccessDenied",
    "secretsmanager:GetSecretValue: AccessDenied: no – allow secretsmanager:GetSecretValue",
    "sts:GetSessionToken: AccessDenied",
    "iam:ListAccessKeys: AccessDenied",
    "ssm:GetParameter: ParameterNotFound: /prod/db/password",
    "cognito-idp:InitiateAuth: NotAuthorizedException: Incorrect username or password.",
    "dynamodb:DescribeTable: ResourceNotFoundException: Requested resource not found: Table: user-tokens not found",
    "elasticloadbalancing:DescribeTargetGroups: the answer has no 'Token' (it has Password, Secret)",
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed",
    "The basic authentication of the proxy failed",
    "the bearer authentication scheme is not supported",
    "arn:aws:secretsmanager:us-west-2:123456789012:secret:prod/db-AbCdEf",
    "arn:aws:dynamodb:us-west-2:123456789012:table/user-tokens",
    "arn:aws:iam::123456789012:role/token-reader",
    "arn:aws:ecs:us-west-2:123456789012:service/cluster/secret-service",
    "incident-commander-tokens: limit 0",
    "user-tokens: 3 throttled reads",
    "auth-tokens: TableStatus is UPDATING, wanted ACTIVE",
    "service token-service: 1 of 2 tasks run",
    "alarm secret-rotation-failed: ALARM since 5 h",
    "log group /ecs/token-service: 30 ERROR events",
    "Table=user-tokens",
    "aws dynamodb describe-table --table-name user-tokens --region us-west-2",
    "aws secretsmanager list-secrets --region us-west-2",
    "test_passwords_expire: failed",
    "test_access_keys_are_young: failed",
    "test_secrets_rotate: could not look",
    "the password policy wants 14 characters",
    "websocket.task_field is not set in stacks.toml",
    "password: ''",
    '{"password": ""}',
    "token: ",
    "KeyError: 'nothing'",
    "the limit is 80 %, key: AWS/ECS CPUUtilization",
    "GET https://host.test:8443/health?since=1@noon: ConnectTimeout: x",
    "https://host.test/@someone",
    "WebSocket ws://host.test/ws?client_id=opschecks-ab12cd34: the handshake was refused",
    "AKIA is how the ids of access keys begin",
    "Ein Gedankenstrich – und 日本語",
    '{"name": "PORT", "value": "8000"}',
    '[{"name": "networkInterfaceId", "value": "eni-0123456789abcdef0"}, {"name": "subnetId", "value": "subnet-1"}]',
    '{"Key": "Name", "Value": "token-service"}',
    "['pytest', '--tokens', '--port', '80']",
    "https://host.test/search?q=tasks+of+the+service&page=20261124070000",
    "https://host.test/x?id=0f8fad5b-d9cb-469f-a165-70867728950e",
    "",
)


PROSE = (
    "The security token included in the request is expired",
    "The SSO session associated with this profile has expired or is otherwise invalid.",
    "Error loading SSO Token: Token for corp does not exist",
    "Error when retrieving token from sso: Token has expired and refresh failed",
    "Token for corp does not exist",
    "token: the provided token has expired",
    "ExpiredToken: The provided token has expired.",
    "ExpiredToken: The provided token has expired, sign in again",
    "InvalidToken: The provided token is malformed or otherwise invalid.",
    "/etc/passwd: a folder",
    "/etc/passwd: Is a directory, not a file",
    "cat: /run/secrets/db-password: Permission denied",
    "Your password policy: at least 14 characters",
    "Your password policy requires a number; the password was changed 97 days ago",
    "The password: it must be changed by Friday",
    "Password not long enough. Password must have uppercase characters",
    "secret: prod/db has no rotation",
    "Secrets Manager can't find the specified secret.",
    "You can't perform this operation on the secret because it was marked for deletion.",
    "The authorization header is malformed; a non-empty Access Key (AKID) must be provided in the credential.",
    "Authorization: header is missing from the request",
    "authorization: denied for the role backend",
    "Credential should be scoped to a valid region, not 'us-east-1'.",
    "Credential: should be scoped to a valid region",
    "Signature expired: 20261124T070000Z is now earlier than 20261124T080000Z",
    "The request signature: it does not match the signature you provided.",
    "Basic authentication failed: bearer tokens only",
    "Unexpected token: '}' at line 3",
    "unexpected token < in JSON at position 0",
    "api key: not found",
    "The API key is not valid. Please pass a valid API key.",
    "the option --token is not known; --password takes a value",
    "the stickiness cookie: its duration is 60 s",
    "Cookie: the browser did not send it",
    "the answer has no 'Token': it has Name and Arn",
    "private key: neither PEM nor DER",
    "DB_PASSWORD: missing in the environment",
    "sts.GetSessionToken: Access denied",
    "arn:aws:secretsmanager:us-west-2:123456789012:secret:prod/db-AbCdEf is there",
    "iam:CreateAccessKey: AccessDenied: no",
    "token: 2026-11-29T10:00:00Z is when it ends",
    "pwd: the folder was not found",
    "<token> is a placeholder, and <password> is another",
    "access key: last used 97 days ago",
    "the NextToken of page 3 is that of page 2: the answer repeats itself",
)


@pytest.mark.parametrize("text", KEPT + PROSE)
def test_what_is_no_secret_stays_exactly_as_it_is(text: str) -> None:
    assert redact_text(text) == text
    assert plain(text) == text


@pytest.mark.parametrize("evidence", [{"a": {"password": "x"}}, [{"a": 1}], [["a", 1]], "a text", 1.5, None, {}])
def test_what_is_masked_once_is_not_gone_through_again(evidence: object) -> None:
    """Whatever a user's own observation has as evidence."""
    once = plain(evidence)
    masked = as_masked(once)
    assert plain(masked) == once
    assert json.dumps(masked) == json.dumps(once)
    if isinstance(evidence, dict):
        assert plain(masked) is masked
