"""`.env.example` names every setting there is, none that is not, and each with its real default."""

import re
from pathlib import Path

from bot.settings import Settings
from bot.variables import TUNABLES_KEY, variable
from engine.params import TUNABLES, TradingParams, read

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"
LINE = re.compile(r"(?:# )?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>\S*)")


def shown() -> dict[str, str]:
    found = (LINE.fullmatch(line) for line in EXAMPLE.read_text().splitlines())
    return {match["name"]: match["value"] for match in found if match}


def test_every_setting_is_shown_and_nothing_else() -> None:
    fields = {name.upper() for name, field in Settings.model_fields.items() if field.validation_alias != TUNABLES_KEY}

    assert set(shown()) == fields | {variable(tunable.name) for tunable in TUNABLES}


def test_the_shown_defaults_are_the_real_ones() -> None:
    values, params = shown(), TradingParams()

    assert {t.name: float(values[variable(t.name)]) for t in TUNABLES} == {t.name: read(params, t.name) for t in TUNABLES}
    for name, field in Settings.model_fields.items():
        value = values.get(name.upper())
        if value and field.default is not None:
            default = field.default[0] if isinstance(field.default, tuple) else field.default
            same = float(value) == float(default) if isinstance(default, int | float) else value == str(default)
            assert same, name
