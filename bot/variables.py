"""Where settings come from: the environment over `.env`, secrets from files, names of older versions, tunables by name.

Everything wrong is collected and told in one line each; a value that may be secret is never repeated.
"""

import re
import stat
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import SecretStr
from pydantic_settings import BaseSettings, EnvSettingsSource

from engine.params import TUNABLES, BadParam, TradingParams, conflict, tuned

SECRETS: Final = (
    "telegram_bot_token",
    "binance_api_key",
    "binance_api_secret",
    "redis_url",
    "redis_password",
    "heartbeat_url",
    "owner_pin",
    "owner_totp_secret",
)
OLD_NAMES: Final = {
    "trading_symbols": "symbols",
    "telegram_chat_id": "telegram_owner_ids",
    "max_reconnect_delay": "websocket_max_reconnect_delay",
    "ping_timeout": "websocket_ping_timeout",
    "bb_period": "bollinger_period",
    "bb_std": "bollinger_deviations",
}
OLD_SWITCHES: Final = ("dry_run", "use_testnet", "environment")
OLD_PLACES: Final = {
    "testnet": "testnet",
    "demo": "testnet",
    "production": "live",
    "prod": "live",
    "live": "live",
    "paper": "paper",
}
SWITCH: Final = {"true": 1.0, "on": 1.0, "yes": 1.0, "false": 0.0, "off": 0.0, "no": 0.0}
PLACEHOLDERS: Final = ("your_", "your-", "<", "changeme", "change_me", "xxx", "replace", "todo")
SHORTEST_PIN: Final = 4
REDIS_PATH: Final = re.compile(r"/?\d*")
SECRET_LIMIT_BYTES: Final = 4_096
MOUNTED_SECRETS: Final = Path("/run/secrets")  # a container's own: readable by everybody inside, and by nobody else
TUNABLES_KEY: Final = "the tunables, each under its own name"  # a name that no variable can have

type Variables = Mapping[str, str | None]


class BadSettings(Exception):
    """Settings that cannot be used; `problems` holds one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class HouseSource(EnvSettingsSource):
    """All variables as one source for pydantic-settings. Names are lower-case here."""

    def __init__(self, settings: type[BaseSettings], variables: Variables) -> None:
        self._variables = gathered(variables)
        super().__init__(settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._variables

    def __call__(self) -> dict[str, Any]:
        """Everything that was set, the tunables put together."""
        return super().__call__() | {TUNABLES_KEY: read_params(self._variables)}


def gathered(variables: Variables) -> dict[str, str | None]:
    """Read secrets out of their files and give old names their new ones. Raises `BadSettings`."""
    problems: list[str] = []
    found = {name.replace(".", "_"): text for name, text in variables.items()}
    for name in SECRETS:
        path = found.pop(f"{name}_file", None)
        if path:
            if name in found:
                problems.append(f"{name.upper()} and {name.upper()}_FILE are both set: choose one")
                continue
            found[name] = _from_file(name, Path(path), problems)
    for old, new in OLD_NAMES.items():
        if old in found:
            found.setdefault(new, found[old])
    if any(found.get(switch) for switch in OLD_SWITCHES):
        _read_old_switches(found, problems)
    for name in SECRETS:
        if _is_placeholder(found.get(name)):
            problems.append(f"{name.upper()} still holds a placeholder")
    if problems:
        raise BadSettings(problems)
    return found


def unknown_names(env_file: Path, known: Iterable[str]) -> list[str]:
    """Names in `.env` that nothing reads, each with what was probably meant: a misspelt limit must not pass unseen."""
    names = {*known, *(variable(tunable.name) for tunable in TUNABLES), *(f"{name.upper()}_FILE" for name in SECRETS)}
    names |= {name.upper() for name in (*OLD_NAMES, *OLD_SWITCHES)}
    found = []
    for name in dotenv_values(env_file) if env_file.is_file() else ():
        if name.upper().replace(".", "_") not in names:
            close = get_close_matches(name.upper(), names, n=1)
            found.append(f"{name} in {env_file} is no setting" + (f"; did you mean {close[0]}?" if close else ""))
    return found


def read_params(variables: Variables) -> TradingParams:
    """Put the tunables together. Raises `BadSettings`."""
    params, problems = TradingParams(), list[str]()
    for tunable in TUNABLES:
        name = variable(tunable.name)
        text = variables.get(name.lower())
        if not text:
            continue
        try:
            params = tuned(params, tunable.name, _number(text))
        except BadParam as error:
            problems.append(f"{name}: {error}")
        except ValueError:
            problems.append(f"{name} is a number, not {text[:20]!r}")
    problem = conflict(params)
    if problem:
        problems.append(problem)
    if problems:
        raise BadSettings(problems)
    return params


def variable(tunable: str) -> str:
    """The environment's name of a tunable: WEIGHT_MACD_RANGE for weight.macd.range."""
    return tunable.replace(".", "_").upper()


def is_address(text: str, *schemes: str) -> bool:
    """Whether this is an address of one of these kinds: with a host, and with a port that there can be."""
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def secret_address(value: SecretStr) -> SecretStr:
    """An address that may hold a secret, so that it is never repeated. Raises `ValueError`."""
    if value.get_secret_value() and not is_address(value.get_secret_value(), "https", "http"):
        raise ValueError("an address is written like https://HOST/PATH")
    return value


def one_word(value: SecretStr) -> SecretStr:
    """A PIN as it can be sent in the chat, where blanks part words and a slash begins a command. Raises `ValueError`."""
    pin = value.get_secret_value().strip()
    if value.get_secret_value() and (len(pin) < SHORTEST_PIN or len(pin.split()) > 1 or pin.startswith("/")):
        raise ValueError(f"a PIN has at least {SHORTEST_PIN} characters, no blank among them, and begins with no slash")
    return SecretStr(pin)


def is_redis(text: str) -> bool:
    """Whether a Redis may be found there: by host and number of its database, or by its socket."""
    return text.startswith("unix:///") or (
        is_address(text, "redis", "rediss") and bool(REDIS_PATH.fullmatch(urlsplit(text).path))
    )


def _number(text: str) -> float:
    word = text.strip().lower()
    return SWITCH[word] if word in SWITCH else float(word)


def _from_file(name: str, path: Path, problems: list[str]) -> str:
    variable_name = f"{name.upper()}_FILE"
    try:
        mode = path.stat().st_mode
        if mode & stat.S_IROTH and not path.is_relative_to(MOUNTED_SECRETS):
            problems.append(f"{variable_name}: everybody may read the file; let only its owner (chmod 400)")
            return ""
        if path.stat().st_size > SECRET_LIMIT_BYTES:
            problems.append(f"{variable_name}: the file is too long for a secret")
            return ""
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        problems.append(f"{variable_name}: the file cannot be read ({error.strerror})")
    except ValueError:
        problems.append(f"{variable_name}: the file holds no text")
    return ""


def _is_placeholder(text: str | None) -> bool:
    return bool(text) and str(text).strip().lower().startswith(PLACEHOLDERS)


def _read_old_switches(found: dict[str, str | None], problems: list[str]) -> None:
    """DRY_RUN, USE_TESTNET and ENVIRONMENT said together what MODE says alone."""
    place = (found.get("environment") or "").lower()
    dry, testnet = _switch(found, "dry_run", problems), _switch(found, "use_testnet", problems)
    if place and place not in OLD_PLACES:
        return  # a variable of this name belongs to many programs
    mode = "paper" if dry else "testnet" if testnet else OLD_PLACES.get(place, "" if testnet is None else "live")
    if place and testnet is not None and not dry and (OLD_PLACES[place] == "testnet") is not testnet:
        problems.append("ENVIRONMENT and USE_TESTNET contradict each other: set MODE instead")
    elif mode and found.get("mode") and str(found["mode"]).lower() != mode:
        problems.append(f"MODE contradicts DRY_RUN, USE_TESTNET or ENVIRONMENT, which say {mode}: set only MODE")
    elif mode:
        found.setdefault("mode", mode)


def _switch(found: Variables, name: str, problems: list[str]) -> bool | None:
    text = (found.get(name) or "").strip().lower()
    if not text:
        return None
    if text in ("1", "0"):
        return text == "1"
    if text not in SWITCH:
        problems.append(f"{name.upper()} is true or false")
        return None
    return bool(SWITCH[text])
