"""An alert as lines for a group bot: plain text, the most important first, for a small screen."""

from baozhang.catalog.model import KnownAlert
from baozhang.clock import SHANGHAI
from baozhang.site import Site
from baozhang.words import say
from reports.alert import CLASS_TEMPLATES, ROLE_TEMPLATES, Step, told


def lines_of(site: Site, known: KnownAlert, step: Step | None, language: str) -> list[str]:
    """Return what a bot says of an alert."""
    sentence, hint = told(known, language)
    word = say(CLASS_TEMPLATES[known.alert.alert_class], spoken=language)
    lines = [_headed(site, word, sentence, language)]
    if hint:
        lines.append(say("To do: {hint}", spoken=language, hint=hint))
    lines.append(_numbered(known, language))
    if step:
        lines += _steps(known, step, language)
    return lines


def closing_lines(site: Site, known: KnownAlert, language: str) -> list[str]:
    """Return what a bot says of an alert whose trouble is gone."""
    word = say(CLASS_TEMPLATES["mended"], spoken=language)
    return [_headed(site, word, told(known, language)[0], language), _numbered(known, language)]


def _headed(site: Site, word: str, sentence: str, language: str) -> str:
    text = say("[{word}] {sentence}", spoken=language, word=word, sentence=sentence)
    return sampled(site, text, language)


def sampled(site: Site, text: str, language: str) -> str:
    """Return a text that says so where its clients are invented."""
    if not site.agency.file.sample:
        return text
    return say("[sample data] {text}", spoken=language, text=text)


def _numbered(known: KnownAlert, language: str) -> str:
    at = f"{known.alert.at.astimezone(SHANGHAI):%m-%d %H:%M}"
    return say("Alert {alert}, raised {at}", spoken=language, alert=known.alert.id, at=at)


def _steps(known: KnownAlert, step: Step, language: str) -> list[str]:
    role = say(ROLE_TEMPLATES[step.role], spoken=language)
    return [
        say(
            "Step {step} of {of}: {role}", spoken=language, step=step.number, of=step.of, role=role
        ),
        say(
            "Whoever looks at it types: baozhang ack {alert} --by …",
            spoken=language,
            alert=known.alert.id,
        ),
    ]
