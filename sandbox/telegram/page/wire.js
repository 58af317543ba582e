// The page's side of the wire: reading the chat, and doing what a person does. All of it stays on this host.

export const user = Number(new URLSearchParams(location.search).get("user")) || 1;

export async function state() {
  const response = await fetch(`/chat/state?user=${user}`);
  if (!response.ok) throw new Error(`state: ${response.status}`);
  return response.json();
}

export async function act(deed, body) {
  const response = await fetch(`/chat/${deed}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user, ...body }),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || `${deed}: ${response.status}`);
  return answer;
}

/** Follow what happens after `seq` until the line breaks. */
export function follow(seq, onEvent, onLost) {
  const source = new EventSource(`/chat/events?user=${user}&since=${seq}`);
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
  source.onerror = () => {
    source.close();
    onLost();
  };
}
