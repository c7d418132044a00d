"""The line for a chat, such as Slack's webhooks take it."""

import html


def write_chat(sms: str, *, digest_id: str) -> str:
    """The SMS and which digest it is of: the same one may arrive twice.

    `&`, `<` and `>` are written as `&amp;`, `&lt;` and `&gt;`: a chat would read them as a link or a mention.
    """
    return html.escape(f"{sms} (digest {digest_id})", quote=False)
