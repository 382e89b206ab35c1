"""Short messages to group bots (群机器人), and the heartbeat that an outside service waits for.

    text ──► fitted to the bot's size ──► within its pace ──► signed, posted ──► its answer judged

`bots` knows what each messenger takes and answers, `pace` how fast it may be written to, `posting`
speaks HTTP, `channel` puts them together.  What an alert is, `tasks.alerts` knows.

apprise is not used though it knows all three: it takes an answer for a success whose body refuses
the message (errcode, code), writes to fixed hosts alone, signs nothing for Feishu and spoils the
signature for DingTalk by escaping it twice, and writes addresses and texts to the log
(docs/decisions/0008-bots-without-apprise.md).
"""
