"""A stand-in for the product, run as a child: answers every chat message, says on its health page that all is settled."""

import asyncio
import json
import os
import sys

from aiohttp import ClientSession, web


def main() -> int:
    """Act like `run` or `export --json`."""
    if sys.argv[1] == "export":
        print(json.dumps({"trades": [], "rulings": 0, "refusals": {}}))
        return 0
    if os.environ.get("ADX_MINIMUM") == "7":
        print("settings: adx_minimum must not be 7")
        return 2
    asyncio.run(live())
    return 0


async def live() -> None:
    """Serve the health page and answer the chat until a signal comes."""
    app = web.Application()
    app.router.add_get("/healthz", healthz)
    runner = web.AppRunner(app, handle_signals=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["HEALTH_PORT"])).start()
    await answer_chat(f"{os.environ['TELEGRAM_API_ROOT']}/bot{os.environ['TELEGRAM_BOT_TOKEN']}")


async def healthz(_: web.Request) -> web.Response:
    """Always ready, always settled."""
    return web.json_response({"ready": True, "settled": True, "cards_open": 0, "phase": "running"})


async def answer_chat(root: str) -> None:
    """Answer every message with its own text."""
    offset = 0
    async with ClientSession() as session:
        while True:
            async with session.post(f"{root}/getUpdates", json={"offset": offset, "timeout": 5}) as response:
                updates = (await response.json())["result"]
            for update in updates:
                offset = update["update_id"] + 1
                message = update["message"]
                answer = {"chat_id": message["chat"]["id"], "text": f"heard {message['text']}"}
                async with session.post(f"{root}/sendMessage", json=answer) as response:
                    assert (await response.json())["ok"]


if __name__ == "__main__":
    sys.exit(main())
