"""Asks transformers what chat templates make of conversations: chats.json and expressions.json.

    python3 -m venv venv && venv/bin/pip install transformers==5.24.0 jinja2==3.1.6
    venv/bin/python Tests/Fixtures/ChatTemplates/make.py

The templates, one a file, are written for these tests. They have the constructs of the published templates of a family:
dates and tools of Llama 3, the backward loops and thoughts of Qwen, the checks of roles of Gemma and Mistral, the macros
of GPT-OSS. chats.json holds conversations, and for each template what each of them makes, or null where Python raises
something. expressions.txt has a small template a line, in which ⏎ is a line feed and ↵ a carriage return; expressions.json
holds these with their results in the same way. The clock stands at 11:31:02 on 26 July 2024.
"""

import datetime
import json
import pathlib

from transformers.utils import chat_template_utils

here = pathlib.Path(__file__).parent


class StandingClock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26, 11, 31, 2)


chat_template_utils.datetime = StandingClock

# MARK: Conversations


def function(name, description, properties, required):
    parameters = {"type": "object", "properties": properties, "required": required}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


WEATHER = function(
    "get_weather", "Tells the weather in a town.",
    {"town": {"type": "string", "description": "The town, as in \"Köln\""},
     "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"}}, ["town"])
SEARCH = function(
    "search", "Searches <documents> & more.",
    {"words": {"type": "array", "items": {"type": "string"}, "description": "What to look for"},
     "limit": {"type": "integer", "minimum": 1}, "exact": {"type": "boolean", "nullable": True},
     "near": {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}}}, ["words", "near"])
NOW = function("now", "Tells the time.", {}, [])
TOOLS = [WEATHER, SEARCH, NOW]


def say(role, content, **others):
    return {"role": role, "content": content} | others


def call(name, number=1, **arguments):
    return {"id": f"call{number:05d}", "type": "function", "function": {"name": name, "arguments": arguments}}


def user(content, **others):
    return say("user", content, **others)


def assistant(content, **others):
    return say("assistant", content, **others)


ASK = user("What is the weather in Köln?")
CALL = {"role": "assistant", "tool_calls": [call("get_weather", town="Köln", unit="celsius")]}
RESULT = say("tool", '{"temperature": 21.5, "sky": "clear"}', name="get_weather", tool_call_id="call00001")
SYSTEM = say("system", "You are a patient teacher.")

# Each has messages and what else apply_chat_template is given.
CHATS = {
    "one question": dict(messages=[user("Hello there.")], add_generation_prompt=True),
    "one question without the beginning of an answer": dict(messages=[user("Hello there.")]),
    "instructions": dict(messages=[SYSTEM, user("Why is the sky blue?")], add_generation_prompt=True),
    "several turns": dict(messages=[
        SYSTEM, user("2 + 2?"), assistant("4"), user("And 3 + 3?"), assistant(" 6 \n"), user("Thanks!")],
        add_generation_prompt=True),
    "several scripts": dict(messages=[
        say("system", "Ты — поэт."), user("東京は？ 👩‍👩‍👧 e\u0301 é"), assistant("مرحبا\u200b <|im_end|> 🇫🇷"), user("ß ﬁ ΑΣ")]),
    "empty and blank texts": dict(messages=[
        say("system", ""), user(""), assistant(""), user(" \n\t "), assistant("\n\nx\n\n"), user("end")],
        add_generation_prompt=True),
    "quotes and markers": dict(messages=[
        user("He said \"it's\" {{ not }} a {% tag %} \\n <s>[INST] </s>"), assistant("a\\b\u2028c"), user("<b>&amp;</b>")]),
    "tools and no call": dict(messages=[SYSTEM, ASK], tools=TOOLS, add_generation_prompt=True),
    "a call and its result": dict(messages=[ASK, CALL, RESULT], tools=TOOLS, add_generation_prompt=True),
    "a whole round of a tool": dict(messages=[
        SYSTEM, ASK, CALL, RESULT, assistant("It is clear."), user("And now?")], tools=[WEATHER, NOW]),
    "two calls at once": dict(messages=[
        ASK, {"role": "assistant", "content": "I look.", "tool_calls": [
            call("get_weather", 1, town="Bonn"), call("search", 2, words=["a", "b"], near={"x": 1.5, "y": -2e-07})]},
        RESULT, say("tool", "nothing\nfound", name="search", tool_call_id="call00002"), assistant("None.")],
        tools=TOOLS),
    "thoughts beside the answer": dict(messages=[
        user("Think."), assistant("Done.", reasoning_content="First this,\nthen that."), user("Again."),
        assistant("", thinking="Only thought."), user("More.")], add_generation_prompt=True),
    "thoughts in the answer": dict(messages=[
        user("Think."), assistant("<think>\nFirst this.\n</think>\n\nDone."), ASK,
        CALL | {"content": "<think>I need a tool.</think>"}, RESULT], tools=[WEATHER], add_generation_prompt=True),
    "no thinking": dict(messages=[SYSTEM, user("Quick!")], add_generation_prompt=True,
                        variables={"enable_thinking": False, "reasoning_effort": "low", "date_string": "01 Jan 2030"}),
    "contents in parts": dict(messages=[
        say("system", [{"type": "text", "text": "Be brief."}]),
        user([{"type": "text", "text": " Look: "}, {"type": "image"}, {"type": "text", "text": "what is it?"}]),
        assistant([{"type": "text", "text": "A cat."}]), user("Sure?")], add_generation_prompt=True),
    "an answer first": dict(messages=[assistant("I begin."), user("No, I do.")]),
    "two questions in a row": dict(messages=[user("One."), user("Two.")], add_generation_prompt=True),
    "instructions alone": dict(messages=[SYSTEM]),
    "a role of its own": dict(messages=[say("developer", "Obey."), user("Who?"), say("critic", "Bad.", name="Zoë")]),
    "nothing in places": dict(messages=[
        user("Go.", name=None), {"role": "assistant", "content": None, "tool_calls": [call("now")]},
        say("tool", {"hour": 5, "zone": None, "exact": True}, tool_call_id="call00001"), assistant("Five."), user("ok")],
        tools=[NOW], variables={"builtin_tools": ["browser", "python"]}, documents=[{"title": "T", "text": "x"}]),
}

TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}

# MARK: Answers


def rendered(template, chat):
    """What apply_chat_template does between finding the template and the tokens; None where it raises."""
    try:
        messages = chat_template_utils._normalize_chat_messages(chat["messages"])
        texts, _ = chat_template_utils.render_jinja_template(
            conversations=[messages], tools=chat.get("tools"), documents=chat.get("documents"), chat_template=template,
            add_generation_prompt=chat.get("add_generation_prompt", False), **(TOKENS | chat.get("variables", {})))
        return texts[0]
    except Exception:
        return None


def write(name, value):
    with open(here / name, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.write("\n")


VARIABLES = dict(
    items=[1, 2, 3], d={"a": 1, "n": {"m": "deep"}}, nested=[[1, 2], [3]], nothing=None, shadow={"items": [1], "get": 2},
    people=[{"name": "Ann", "age": 34, "team": "b", "tags": ["x"]}, {"name": "Bo", "team": "a"},
            {"name": "Cy", "age": 28, "team": "b"}])


def main():
    templates = {path.stem: path.read_text() for path in sorted(here.glob("*.jinja"))}
    chats = [{"name": name} | chat for name, chat in CHATS.items()]
    texts = {name: [rendered(template, chat) for chat in chats] for name, template in templates.items()}
    write("chats.json", {"tokens": TOKENS, "chats": chats, "texts": texts})
    lines = (here / "expressions.txt").read_text().split("\n")[:-1]
    sources = [line.replace("⏎", "\n").replace("↵", "\r") for line in lines]
    chat = {"messages": [user("hi"), assistant("yo")], "variables": VARIABLES}
    write("expressions.json", {
        "messages": chat["messages"], "variables": VARIABLES, "cases": [[source, rendered(source, chat)] for source in sources]})


if __name__ == "__main__":
    main()
