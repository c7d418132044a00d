"""The line for a chat, such as Slack's webhooks take it."""

import html


def write_chat(sms: str, *, digest_id: str, revision: int) -> str:
    """The SMS and which digest it is of: it may arrive twice, and a revision is a digest of its own.

    `&`, `<` and `>` are written as `&amp;`, `&lt;` and `&gt;`: a chat would read them as a link or a mention.
    """
    told = f"digest {digest_id}, revision {revision}" if revision else f"digest {digest_id}"
    return html.escape(f"{sms} ({told})", quote=False)
