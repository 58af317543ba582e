"""Settings: where they come from, which are refused, and that no refusal repeats a secret."""

from pathlib import Path

import pytest

from bot.settings import Mode, Settings, misspelt
from bot.variables import BadSettings
from engine.model.commands import DecisionMode
from engine.params import TradingParams
from tests.bot.conftest import TOKEN, Read

KEYS = {"BINANCE_API_KEY": "k" * 64, "BINANCE_API_SECRET": "s" * 64}


def problems_of(read: Read, **variables: str) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        read(**variables)
    return refused.value.problems


def test_without_any_setting_it_trades_on_paper_and_decides_by_itself(read: Read) -> None:
    settings = read()

    assert (settings.mode, settings.label, settings.decisions) == (Mode.PAPER, "PAPER", DecisionMode.AUTO)
    assert settings.symbols == ("ETHUSDT",)
    assert settings.params == TradingParams()
    assert settings.binance_rest_root == "https://fapi.binance.com"


def test_the_environment_wins_over_the_file(read: Read) -> None:
    settings = read(env_file="INTERVAL=4h\nLEVERAGE=3\n", INTERVAL="15m")

    assert (settings.interval, settings.params.leverage) == ("15m", 3)


def test_an_empty_variable_counts_as_not_set(read: Read) -> None:
    assert read(env_file="SYMBOLS=BTCUSDT\n", SYMBOLS="").symbols == ("BTCUSDT",)


def test_every_tunable_has_its_own_variable_weights_included(read: Read) -> None:
    params = read(ACTIVATION_THRESHOLD="0.55", ADX_CHOP_FILTER="false", WEIGHT_MACD_RANGE="2.5").params

    assert (params.activation_threshold, params.adx_chop_filter, params.weights.range.macd) == (0.55, 0, 2.5)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"ACTIVATION_THRESHOLD": "70"}, "ACTIVATION_THRESHOLD"),
        ({"ACTIVATION_THRESHOLD": "0,7"}, "ACTIVATION_THRESHOLD"),
        ({"RISK_PER_TRADE": "nan"}, "RISK_PER_TRADE"),
        ({"MACD_FAST": "30"}, "macd_fast"),
        ({"INTERVAL": "7h"}, "INTERVAL"),
        ({"SYMBOLS": "ETH/USDT"}, "SYMBOLS"),
        ({"SYMBOLS": "ETHUSDT,ethusdt"}, "SYMBOLS"),
        ({"MODE": "real"}, "MODE"),
        ({"TELEGRAM_OWNER_IDS": "-100123"}, "TELEGRAM_OWNER_IDS"),
        ({"HEALTH_PORT": "99999"}, "HEALTH_PORT"),
        ({"BINANCE_REST_ROOT": "fapi"}, "BINANCE_REST_ROOT"),
        ({"MODE": "testnet"}, "BINANCE_API_KEY"),
        ({"BINANCE_API_KEY": "k"}, "BINANCE_API_SECRET"),
        ({"BINANCE_API_SECRET_FILE": "/does/not/exist"}, "BINANCE_API_SECRET_FILE"),
        ({"DRY_RUN": "maybe"}, "DRY_RUN"),
        ({"OWNER_PIN": "12"}, "OWNER_PIN"),
        ({"OWNER_PIN": "12 34"}, "OWNER_PIN"),
        ({"OWNER_PIN": "12\u00a034"}, "OWNER_PIN"),
        ({"OWNER_PIN": "/1234"}, "OWNER_PIN"),
        ({"OWNER_PIN": " 123 "}, "OWNER_PIN"),
        ({"OWNER_PIN": "    "}, "OWNER_PIN"),
        ({"OWNER_TOTP_SECRET": "JBSWY3DPEHPK3PXP"}, "OWNER_TOTP_SECRET"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line_that_names_it(read: Read, variables: dict[str, str], named: str) -> None:
    problems = problems_of(read, **variables)

    assert len(problems) == 1
    assert named in problems[0]
    assert "\n" not in problems[0]


def test_blanks_around_a_pin_are_no_part_of_it(read: Read) -> None:
    assert read(OWNER_PIN=" 1234 ").owner_pin.get_secret_value() == "1234"


def test_real_money_is_traded_only_when_it_was_said_twice(read: Read) -> None:
    assert "I_UNDERSTAND" in problems_of(read, MODE="live", **KEYS)[0]

    settings = read(MODE="live", I_UNDERSTAND="live-money", **KEYS)

    assert (settings.label, settings.decisions) == ("LIVE", DecisionMode.CONFIRM)


def test_an_address_for_other_money_than_the_mode_says_is_refused(read: Read) -> None:
    real, play = "https://fapi.binance.com", "https://demo-fapi.binance.com"

    assert "real money" in problems_of(read, MODE="testnet", BINANCE_REST_ROOT=real, **KEYS)[0]
    assert "play money" in problems_of(read, MODE="live", I_UNDERSTAND="live-money", BINANCE_REST_ROOT=play, **KEYS)[0]


def test_a_refusal_never_repeats_a_secret(read: Read) -> None:
    token, secret = "not-a-token-but-a-secret", "h" * 40

    said = " ".join(problems_of(read, TELEGRAM_BOT_TOKEN=token, BINANCE_API_SECRET=secret, INTERVAL="7h"))

    assert token not in said
    assert secret not in said


def test_a_placeholder_is_no_secret(read: Read) -> None:
    assert problems_of(read, BINANCE_API_KEY="your_key_here") == ["BINANCE_API_KEY still holds a placeholder"]


def test_a_secret_may_come_from_a_file_that_only_its_owner_reads(read: Read, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o400)

    assert read(TELEGRAM_BOT_TOKEN_FILE=str(file)).telegram_bot_token.get_secret_value() == TOKEN

    file.chmod(0o444)
    assert "chmod" in problems_of(read, TELEGRAM_BOT_TOKEN_FILE=str(file))[0]


def test_a_secret_that_is_given_twice_is_refused(read: Read, tmp_path: Path) -> None:
    assert "both set" in problems_of(read, TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_BOT_TOKEN_FILE=str(tmp_path / "token"))[0]


def test_old_names_still_hold(read: Read) -> None:
    settings = read(TRADING_SYMBOLS='["BTCUSDT", "ETHUSDT"]', TELEGRAM_CHAT_ID="77", BB_PERIOD="30", DRY_RUN="true")

    assert settings.symbols == ("BTCUSDT", "ETHUSDT")
    assert settings.telegram_owner_ids == (77,)
    assert settings.params.bollinger_period == 30
    assert settings.mode is Mode.PAPER


def test_old_switches_that_contradict_each_other_or_the_mode_are_refused(read: Read) -> None:
    assert "contradict" in problems_of(read, ENVIRONMENT="production", USE_TESTNET="true")[0]
    assert "contradicts" in problems_of(read, MODE="live", DRY_RUN="true")[0]


def test_an_exchange_on_this_machine_is_a_demo(read: Read) -> None:
    roots = ("REST", "SAPI", "WS_PUBLIC", "WS_MARKET", "WS_PRIVATE")
    local = {f"BINANCE_{root}_ROOT": f"{'ws' if 'WS' in root else 'http'}://127.0.0.1:9000" for root in roots}

    assert read(MODE="testnet", **KEYS, **local).label == "DEMO"
    assert read(MODE="testnet", **KEYS).label == "TESTNET"


def test_another_account_has_another_namespace(read: Read) -> None:
    one = read(MODE="testnet", **KEYS).namespace
    other = read(MODE="testnet", BINANCE_API_KEY="z" * 64, BINANCE_API_SECRET="s").namespace

    assert one != other
    assert read(MODE="testnet", ACCOUNT="main", **KEYS).namespace == "testnet-main"
    assert "k" * 64 not in one


def test_a_redis_is_named_by_its_parts_or_by_its_address(read: Read) -> None:
    assert read().store_url == ""
    assert read(REDIS_HOST="redis", REDIS_PASSWORD="p@ss").store_url == "redis://:p%40ss@redis:6379/0"
    assert read(REDIS_URL="redis://elsewhere/2", REDIS_HOST="redis").store_url == "redis://elsewhere/2"


def test_printing_settings_shows_no_secret(read: Read) -> None:
    settings: Settings = read(TELEGRAM_BOT_TOKEN=TOKEN, REDIS_PASSWORD="hidden-password", **KEYS)

    shown = f"{settings!r} {settings}"

    assert not [secret for secret in settings.secrets() if secret in shown]


def test_a_misspelt_name_in_the_file_is_found_and_the_right_one_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "ACTIVATON_THRESHOLD=0.9\nSYMBOLS=ETHUSDT\nREDIS_PASSWORD_FILE=/x\nTRADING_SYMBOLS=ETHUSDT\nWEIGHT_MACD_RANGE=1\n"
    )

    assert misspelt(file) == [f"ACTIVATON_THRESHOLD in {file} is no setting; did you mean ACTIVATION_THRESHOLD?"]
    assert misspelt(tmp_path / "none") == []
