"""Settings at random: they are read, or refused in lines that say what is wrong; never a traceback, never a secret."""

import logging
import random
import tempfile
from pathlib import Path
from typing import Final
from unittest.mock import patch

from bot.settings import Settings, load_settings, misspelt
from bot.variables import OLD_NAMES, OLD_SWITCHES, SECRETS, BadSettings, variable
from engine.params import TUNABLES

CANARY: Final = "canary9f3c"
NAMES: Final = (
    *(name.upper() for name in (*Settings.model_fields, *OLD_NAMES, *OLD_SWITCHES) if name != "params"),
    *(variable(tunable.name) for tunable in TUNABLES),
)
FILES: Final = tuple(f"{name.upper()}_FILE" for name in SECRETS)
SOUND: Final = {
    "MODE": ("paper", "testnet", "live", " PAPER "),
    "TELEGRAM_BOT_TOKEN": ("123456789:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi",),
    "SYMBOLS": ("ETHUSDT", "ETHUSDT,BTCUSDT", '["ETHUSDT"]'),
    "INTERVAL": ("1m", "1h", "4h"),
    "BINANCE_API_KEY": ("k" * 64,),
    "BINANCE_API_SECRET": ("s" * 64,),
    "I_UNDERSTAND": ("live-money",),
    "TELEGRAM_OWNER_IDS": ("7", "7,8"),
}
HOSTILE: Final = (
    "", " ", "0", "-1", "1", "nan", "inf", "-inf", "1e999", "1e-400", "0x10", "1_000", "0,7", "٣", "true", "off",
    "None", "null", "[]", "{}", '["', "{'a':1}", "a\nb", "a\r\nb", "\ud800", "\udcff\udcfe", "\u0000", "é" * 300,
    "9" * 5_000, "$(id)", "%s%n", "{x}", "${HOME}", "'", '"', "#", "=", "http://", "http://[", "https://a:b@c:99999/",
    "wss://[::1", "redis://:p@h:x/y", "unix:///", "../..", "/", "/dev/null", "/proc/self/environ", "🤖", "-100123",
    "7,,8", "A" * 40, "²", "1.5.1", "ETHUSDT,ETHUSDT", "eth/usdt", "\x1b[31m",
)  # fmt: skip


def tried(seed: int, count: int) -> list[str]:
    """Read settings out of drawn environments; what was wrong with any of them."""
    chance, wrong = random.Random(seed), list[str]()
    logging.getLogger("dotenv.main").setLevel(logging.ERROR)  # it warns of each line that is none: they all are made up
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(count):
            variables, text = _drawn(chance, Path(folder))
            fault = _read(variables, text, Path(folder))
            if fault:
                wrong.append(f"{fault} from {_shrunk(variables, text, Path(folder), fault)!r}")
    return wrong


def _drawn(chance: random.Random, folder: Path) -> tuple[dict[str, str], bytes]:
    variables = {name: chance.choice(values) for name, values in SOUND.items() if chance.random() < 0.4}
    for name in chance.sample(NAMES, chance.randint(0, 4)):
        variables[name] = chance.choice(HOSTILE)
    for name in SECRETS:
        if chance.random() < 0.15:
            variables[name.upper()] = chance.choice(("", ":", "1:")) + CANARY + chance.choice(HOSTILE)
    if chance.random() < 0.2:
        secret = folder / "secret"
        secret.write_bytes(CANARY.encode() + chance.choice((b"", b"\xff", b"\x00", b"\n\n", b"x" * 5_000)))
        secret.chmod(chance.choice((0o400, 0o444)))
        variables[chance.choice(FILES)] = chance.choice((str(secret), str(folder), "/dev/null", "\u0000", "/no/such", "~"))
    lines = [
        f"{chance.choice(NAMES)}={chance.choice(HOSTILE)}".encode(errors="surrogatepass") for _ in range(chance.randint(0, 2))
    ]
    text_file = b"\n".join(lines) if chance.random() < 0.3 else b""
    return variables, text_file


def _read(variables: dict[str, str], text: bytes, folder: Path) -> str:
    """What was wrong with reading these, or ""."""
    path = folder / ".env"
    path.write_bytes(text)
    try:
        with patch("os.environ", dict(variables)):
            settings = load_settings(path)
            said = [f"{settings!r} {settings}", settings.label, settings.namespace, settings.decisions.value]
            misspelt(path)
    except BadSettings as refused:
        said = refused.problems
        if not said or any("\n" in line or not line.strip() or "Traceback" in line for line in said):
            return f"no clear line: {said}"
    except Exception as error:  # whatever it is, it is what we look for
        return f"{type(error).__name__}: {str(error)[:160]}"
    return f"a secret was repeated: {said}" if any(CANARY in line for line in said) else ""


def _shrunk(variables: dict[str, str], text: bytes, folder: Path, fault: str) -> tuple[dict[str, str], bytes]:
    """As few variables as keep the fault's kind."""
    for name in list(variables):
        fewer = {key: value for key, value in variables.items() if key != name}
        if _read(fewer, text, folder)[:12] == fault[:12]:
            variables = fewer
    return (variables, b"") if _read(variables, b"", folder)[:12] == fault[:12] else (variables, text)
