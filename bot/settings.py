"""The settings: read once at the start, checked whole, frozen. Code default < `.env` < environment < changes made in chat.

A wrong setting ends the start with one clear line; no line ever repeats a secret.
"""

import re
from base64 import b32decode
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.variables import TUNABLES_KEY, BadSettings, HouseSource, is_address, is_redis, one_word, secret_address, unknown_names
from engine.model.commands import DecisionMode
from engine.model.market import INTERVAL_MS
from engine.model.orders import TriggerBy
from engine.params import TradingParams

SYMBOL: Final = re.compile(r"[A-Z0-9]{2,20}")
TOKEN: Final = re.compile(r"\d{3,}:\S{10,}")
LIVE_MONEY: Final = "live-money"
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
MOST_SYMBOLS: Final = 200
SHORTEST_TOTP_BITS: Final = 112


class Mode(StrEnum):
    """Whose money: nobody's, the exchange's play money, the owner's."""

    PAPER = "paper"
    TESTNET = "testnet"
    LIVE = "live"


PRODUCTION: Final = ("https://fapi.binance.com", "https://api.binance.com", *("wss://fstream.binance.com",) * 3)
PLAY_MONEY: Final = ("https://demo-fapi.binance.com", "https://demo-api.binance.com", *("wss://demo-fstream.binance.com",) * 3)
ARCHIVE: Final = "https://data.binance.vision"  # of real prices; another market has none, unless somebody names it
ROOTS: Final = {Mode.PAPER: PRODUCTION, Mode.TESTNET: PLAY_MONEY, Mode.LIVE: PRODUCTION}
HTTP_ROOTS: Final = ("binance_rest_root", "binance_sapi_root")
SOCKET_ROOTS: Final = ("binance_ws_public_root", "binance_ws_market_root", "binance_ws_private_root")
ROOT_FIELDS: Final = (*HTTP_ROOTS, *SOCKET_ROOTS)


class Settings(BaseSettings):
    """Everything that may be set from outside. A field's variable is its name in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    mode: Mode = Mode.PAPER
    i_understand: str = ""
    telegram_bot_token: SecretStr = SecretStr("")
    telegram_owner_ids: Annotated[tuple[int, ...], NoDecode] = ()
    telegram_api_root: str = "https://api.telegram.org"
    owner_pin: Annotated[SecretStr, AfterValidator(one_word)] = SecretStr("")
    owner_totp_secret: SecretStr = SecretStr("")
    language: str = "en"
    binance_api_key: SecretStr = SecretStr("")
    binance_api_secret: SecretStr = SecretStr("")
    account: str = Field("", pattern=r"^[A-Za-z0-9_]{0,32}$")
    binance_rest_root: str = ""
    binance_sapi_root: str = ""
    binance_ws_public_root: str = ""
    binance_ws_market_root: str = ""
    binance_ws_private_root: str = ""
    archive_url: str = ""
    symbols: Annotated[tuple[str, ...], NoDecode] = ("ETHUSDT",)
    interval: str = "1h"
    warmup_bars: int = Field(1_000, ge=0, le=10_000)
    paper_wallet: Decimal = Field(Decimal(10_000), gt=0, le=1_000_000_000)
    decision_mode: DecisionMode | None = None
    stop_trigger: TriggerBy = TriggerBy.LAST
    data_folder: Path = Path("data")
    redis_url: SecretStr = SecretStr("")
    redis_host: str = ""
    redis_port: int = Field(6_379, ge=1, le=65_535)
    redis_db: int = Field(0, ge=0)
    redis_password: SecretStr = SecretStr("")
    health_port: int = Field(8_081, ge=0, le=65_535)
    log_level: str = "INFO"
    position_check_interval: float = Field(30.0, ge=1, le=600)
    guard_after_starts: int = Field(5, ge=0, le=100)
    heartbeat_url: Annotated[SecretStr, AfterValidator(secret_address)] = SecretStr("")
    order_timeout: float = Field(10.0, ge=1, le=60)
    websocket_reconnect_delay: float = Field(5.0, gt=0, le=300)
    websocket_max_reconnect_delay: float = Field(60.0, gt=0, le=3_600)
    websocket_ping_timeout: float = Field(30.0, ge=1, le=300)
    params: TradingParams = Field(TradingParams(), validation_alias=TUNABLES_KEY)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """One source out of `.env` and the environment."""
        assert isinstance(env_settings, EnvSettingsSource)
        assert isinstance(dotenv_settings, EnvSettingsSource)
        return (HouseSource(settings_cls, {**dotenv_settings.env_vars, **env_settings.env_vars}),)

    @field_validator("mode", "decision_mode", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("symbols", mode="before")
    @classmethod
    def _symbols(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        names = tuple(part.upper() for part in _parts(value))
        wrong = [name for name in names if not SYMBOL.fullmatch(name)]
        if wrong or not names or len(names) > MOST_SYMBOLS:
            raise ValueError(f"symbols are written like ETHUSDT,BTCUSDT, at most {MOST_SYMBOLS}")
        if len(set(names)) != len(names):
            raise ValueError("a symbol stands there twice")
        return names

    @field_validator("telegram_owner_ids", mode="before")
    @classmethod
    def _owner_ids(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        parts = _parts(value)
        if not all(part.isdecimal() and int(part) for part in parts):
            raise ValueError("user ids are whole numbers above 0, separated by commas (a group's id names no owner)")
        return tuple(int(part) for part in parts)

    @field_validator("interval")
    @classmethod
    def _interval(cls, value: str) -> str:
        if value not in INTERVAL_MS:
            raise ValueError(f"an interval is one of {', '.join(INTERVAL_MS)}")
        return value

    @field_validator("log_level")
    @classmethod
    def _log_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
            raise ValueError("a level is DEBUG, INFO, WARNING, ERROR or CRITICAL")
        return value.upper()

    @field_validator("telegram_bot_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("this is no token as @BotFather gives it: digits, a colon, letters and digits")
        return value

    @field_validator("owner_totp_secret")
    @classmethod
    def _totp_secret(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value().replace(" ", "").upper()
        try:
            is_long = len(b32decode(text + "=" * (-len(text) % 8))) * 8 >= SHORTEST_TOTP_BITS
        except ValueError:
            is_long = False
        if text and not is_long:
            raise ValueError(f"a TOTP secret is base32 (A-Z, 2-7) of at least {SHORTEST_TOTP_BITS} bits")
        return SecretStr(text)

    @field_validator("redis_url")
    @classmethod
    def _redis_url(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not is_redis(value.get_secret_value()):
            raise ValueError("write it like redis://:PASSWORD@HOST:6379/0, odd characters of the password as %XX")
        return value

    @field_validator("telegram_api_root", "archive_url", *HTTP_ROOTS)
    @classmethod
    def _http_root(cls, value: str) -> str:
        if value and not is_address(value, "https", "http"):
            raise ValueError("an address is written like https://HOST or https://HOST:PORT")
        return value.rstrip("/")

    @field_validator(*SOCKET_ROOTS)
    @classmethod
    def _socket_root(cls, value: str) -> str:
        if value and not is_address(value, "wss", "ws"):
            raise ValueError("an address is written like wss://HOST or wss://HOST:PORT")
        return value.rstrip("/")

    @model_validator(mode="before")
    @classmethod
    def _roots_of_mode(cls, values: Any) -> Any:
        """The exchange's addresses follow the mode, where they are not set."""
        try:
            defaults = ROOTS[Mode(str(values.get("mode", Mode.PAPER)).strip().lower())]
        except ValueError:
            return values  # told by the mode's own check
        chosen = dict(zip(ROOT_FIELDS, defaults, strict=True)) | values
        return {"archive_url": ARCHIVE if chosen[HTTP_ROOTS[0]] == PRODUCTION[0] else ""} | chosen

    @model_validator(mode="after")
    def _is_sound(self) -> "Settings":
        hosts = {urlsplit(getattr(self, name)).hostname or "" for name in ROOT_FIELDS}
        real = {urlsplit(root).hostname or "" for root in PRODUCTION}
        if self.mode is Mode.TESTNET and hosts & real:
            raise ValueError("MODE is testnet, but an address of the exchange is the one for real money")
        if self.mode is Mode.LIVE and any("demo" in host or "testnet" in host for host in hosts):
            raise ValueError("MODE is live, but an address of the exchange is the one for play money")
        if self.mode is Mode.LIVE and self.i_understand != LIVE_MONEY:
            raise ValueError(f"MODE is live: set I_UNDERSTAND={LIVE_MONEY} to trade with real money")
        if bool(self.binance_api_key.get_secret_value()) != bool(self.binance_api_secret.get_secret_value()):
            raise ValueError("BINANCE_API_KEY and BINANCE_API_SECRET belong together: one of them is missing")
        if self.mode is not Mode.PAPER and not self.has_keys:
            raise ValueError(f"MODE is {self.mode.value}: BINANCE_API_KEY and BINANCE_API_SECRET are missing")
        return self

    @property
    def has_keys(self) -> bool:
        """Whether the exchange's account can be reached."""
        return bool(self.binance_api_key.get_secret_value() and self.binance_api_secret.get_secret_value())

    @property
    def label(self) -> str:
        """PAPER, TESTNET, LIVE, or DEMO where the whole exchange is on this machine."""
        hosts = {urlsplit(getattr(self, name)).hostname or "" for name in ROOT_FIELDS}
        return "DEMO" if self.mode is Mode.TESTNET and hosts <= set(LOOPBACK) else self.mode.value.upper()

    @property
    def namespace(self) -> str:
        """Names mode and account: orders, and the memory of one account, are never mistaken for another's."""
        if self.mode is Mode.PAPER:
            return self.mode.value
        if self.account:
            return f"{self.mode.value}-{self.account}"
        return f"{self.mode.value}-{blake2b(self.binance_api_key.get_secret_value().encode(), digest_size=5).hexdigest()}"

    @property
    def decisions(self) -> DecisionMode:
        """Who decides at the first start."""
        if self.decision_mode is not None:
            return self.decision_mode
        return DecisionMode.AUTO if self.mode is Mode.PAPER else DecisionMode.CONFIRM

    @property
    def store_url(self) -> str:
        """The address of the Redis that was named; "" = run one of our own."""
        if self.redis_url.get_secret_value():
            return self.redis_url.get_secret_value()
        if not self.redis_host:
            return ""
        password = self.redis_password.get_secret_value()
        login = f":{quote(password, safe='')}@" if password else ""
        return f"redis://{login}{self.redis_host}:{self.redis_port}/{self.redis_db}"

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for the blanking of logs."""
        values = [value.get_secret_value() for _, value in self if isinstance(value, SecretStr)]
        passwords = [urlsplit(self.store_url).password or ""]
        return tuple(value for value in (*values, *passwords) if value)


def load_settings(env_file: Path | None = None) -> Settings:
    """Read and check the settings. Raises `BadSettings`."""
    try:
        return Settings() if env_file is None else Settings(_env_file=env_file)
    except ValidationError as error:
        raise BadSettings([_problem(one["loc"], one["msg"]) for one in error.errors(include_input=False)]) from None
    except UnicodeDecodeError:
        raise BadSettings([".env is not written in UTF-8"]) from None


def misspelt(env_file: Path = Path(".env")) -> list[str]:
    """What stands in `.env` and is no setting."""
    return unknown_names(env_file, [name.upper() for name in Settings.model_fields])


def _problem(place: tuple[int | str, ...], text: str) -> str:
    words = text.removeprefix("Value error, ")
    return f"{str(place[0]).upper()}: {words}" if place else words


def _parts(text: str) -> list[str]:
    """Words between commas; brackets and quotes of older files are no words."""
    return [part for raw in text.split(",") if (part := raw.strip().strip("[]\"' "))]
