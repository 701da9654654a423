"""Small talk: thanks, greetings, "ok", "will check", emoji; it opens no item and answers no question."""

from __future__ import annotations

import re
import unicodedata

LONGEST_CHARACTERS = 200  # longer texts say something
WORDS_AT_MOST = 20

_PHRASES = """
thanks|thank you|thank u|thx|tx|ty|tysm|cheers|ta|many thanks|thanks a lot|thanks so much|thank you so much
much appreciated|thank you very much|thanks very much|appreciate it|appreciated|thanks again|thanks in advance
thanks for your help|thanks for the help|thanks for the update|thanks everyone|thanks all|thanks team|hi|hello
hey|hiya|howdy|yo|hi there|hello there|hey there|hi all|hi team|hello all|hello team|hi everyone|hello everyone
good morning|good afternoon|good evening|good night|morning|good day|happy monday|happy friday|welcome
welcome back|how are you|how are you doing|how is it going|hows it going|whats up|sup|hope you are well
hope youre well|bye|goodbye|see you|see ya|see you later|see you tomorrow|later|take care|have a nice day
have a good day|have a great day|have a nice weekend|have a good weekend|have a great weekend|nice weekend
happy weekend|ok|okay|okey|k|kk|okey dokey|alright|all right|all good|sure|sure thing|fine|cool|great|perfect
awesome|nice|excellent|lovely|brilliant|super|wonderful|sounds good|looks good|good|good job|great job|well done
nice work|great work|congrats|congratulations|amazing|good to know|makes sense|fair enough|no problem|no worries
np|youre welcome|you are welcome|yw|my pleasure|got it|got that|noted|understood|roger|copy|copy that|ack
acknowledged|will do|will check|ill check|i will check|let me check|checking|on it|im on it|looking
looking into it|ill look|ill have a look|let me see|one moment|one sec|just a sec|just a moment|hold on|brb
moment|received|done deal|wow|oh|ah|aha|hm|hmm|haha|hahaha|lol|yay|oops|sorry|my bad|please|pls|again|everyone
all|team|folks|guys|so much|a lot|very much|for now|too|and|you|then|danke|danke schön|danke sehr|vielen dank
herzlichen dank|besten dank|dankeschön|merci vielmals|hallo|guten morgen|moin|guten tag|guten abend|servus
grüß gott|grüezi|tschüss|bis dann|bis später|schönes wochenende|schönen tag|alles klar|gut|prima|passt
verstanden|mache ich|mach ich|wird gemacht|schaue ich mir an|ich schaue nach|ich schau nach|gerne|bitte
viele grüße|liebe grüße|mfg|lg|vg|mit freundlichen grüßen|freundliche grüße|zusammen|an alle|merci
merci beaucoup|merci bien|un grand merci|bonjour|salut|bonsoir|coucou|au revoir|à bientôt|bonne journée
bonne soirée|bon week end|daccord|d accord|ça marche|parfait|très bien|super merci|bien reçu|je regarde
je vérifie|de rien|cordialement|bien cordialement|à tous|svp|sil vous plaît|gracias|muchas gracias|mil gracias
hola|buenos días|buenas tardes|buenas noches|buenas|buen día|adiós|hasta luego|vale|hasta mañana|de acuerdo
perfecto|genial|entendido|recibido|de nada|lo reviso|saludos|un saludo|por favor|a todos|grazie|grazie mille
molte grazie|ciao|buongiorno|buonasera|buona giornata|arrivederci|va bene|perfetto|ricevuto|capito|prego
di nulla|controllo|cordiali saluti|saluti|a tutti|dank je|dank u|dankjewel|dank u wel|bedankt|hartelijk dank
alvast bedankt|hoi|goedemorgen|goedemiddag|goedenavond|dag|doei|tot ziens|fijne dag|fijn weekend|akkoord
begrepen|graag gedaan|groeten|groetjes|met vriendelijke groet|obrigado|obrigada|muito obrigado|muito obrigada
valeu|olá|oi|bom dia|boa tarde|boa noite|tchau|até logo|beleza|tudo bem|certo|combinado|entendi|recebido|abraço
abraços|tack|tack så mycket|hej|god morgon|hejdå|tak|mange tak|takk|tusen takk|kiitos|dziękuję|dzięki
dzień dobry|cześć|děkuji|díky|köszönöm|mulțumesc|teşekkürler|teşekkür ederim|merhaba|спасибо|большое спасибо
привет|здравствуйте|добрый день|ок|хорошо|понял|дякую|ευχαριστώ|γεια|شكرا|شكراً|مرحبا|תודה|שלום|धन्यवाद|नमस्ते
ありがとう|ありがとうございます|こんにちは|了解|了解です|承知しました|おはようございます|お疲れ様です|谢谢|謝謝
你好|好的|收到|감사합니다|안녕하세요|네|regards|best regards|kind regards|best|best wishes|sincerely
yours sincerely|br|rgds
"""
_GREETINGS = """
hi|hello|hey|hiya|howdy|good morning|good afternoon|good evening|morning|good day|hallo|guten morgen|moin|guten tag
guten abend|servus|grüß gott|grüezi|bonjour|salut|bonsoir|coucou|hola|buenos días|buenas|buen día|ciao|buongiorno
buonasera|hoi|goedemorgen|goedemiddag|goedenavond|olá|oi|bom dia|boa tarde|boa noite|hej|god morgon|dzień dobry|cześć
merhaba|привет|здравствуйте|добрый день|γεια|مرحبا|שלום|नमस्ते|こんにちは|おはようございます|你好|안녕하세요
"""
_BEFORE_A_NAME = (
    "thanks thx cheers hi hello hey morning bye danke dank hallo merci bonjour gracias hola grazie ciao bedankt hoi "
    "obrigado obrigada olá oi regards best grüße you much lot again sehr beaucoup moin salut"
)
_NAME_WORDS_AT_MOST = 2
_SHORTCODE = re.compile(r":[a-z0-9_+-]{1,40}:")
_MENTIONED = re.compile(r"<[@!#][^>\s]{1,60}>|@[\w.-]{1,40}")
_PLUS_ONE = re.compile(r"(?<!\S)\+1(?!\S)")


def small_talk(text: str) -> bool:
    """Whether a text is nothing but courtesy, in any of some twenty languages, or emoji alone, or empty.

    Anything with a figure in it, a question or a word that is no courtesy is something said; a name may follow a
    greeting ("Thanks Dana"). "yes" and "no" are answers, not small talk. Linear: looks at 200 characters.
    """
    said = text.strip()
    if len(said) > LONGEST_CHARACTERS:
        return False
    said = _PLUS_ONE.sub(" ", spoken(said))
    if any(character.isdigit() for character in said):
        return False
    words = words_of(said)
    return len(words) <= WORDS_AT_MOST and courteous(words)


def greeting(text: str) -> bool:
    """Whether a text that is small talk begins by greeting."""
    words = words_of(spoken(text[:LONGEST_CHARACTERS]))
    return any(_key(words[:size]) in _GREETED for size in (1, 2))


def spoken(text: str) -> str:
    """A text without its mentions and emoji codes."""
    return _MENTIONED.sub(" ", _SHORTCODE.sub(" ", unicodedata.normalize("NFC", text)))


def words_of(text: str) -> list[str]:
    """The words in their own case; apostrophes close up (I'll, d'accord), all else parts."""
    letters = "".join(
        "" if character in "'’" else character if unicodedata.category(character)[0] in "LM" else " "
        for character in text
    )
    return letters.split()


def courteous(words: list[str]) -> bool:
    """Whether nothing but courtesy is in some words, names after a greeting aside."""
    at = 0
    names_left = 0
    while at < len(words):
        most = min(_LONGEST, len(words) - at)
        size = next((n for n in range(most, 0, -1) if _key(words[at : at + n]) in _KNOWN), 0)
        if size:
            at += size
            names_left = _NAME_WORDS_AT_MOST if words[at - 1].casefold() in _BEFORE_A_NAME.split() else 0
        elif names_left and words[at][0].isupper():  # whom it greets, or who signs
            names_left -= 1
            at += 1
        else:
            return False
    return True


def _key(words: list[str]) -> str:
    return " ".join(words).casefold()


def phrases(listed: str) -> frozenset[str]:
    """Phrases that stand in a text between bars and ends of lines, as `words_of` parts them, in small letters."""
    return frozenset(_key(words_of(phrase)) for phrase in re.split(r"[|\n]", listed) if phrase.strip())


_KNOWN, _GREETED = phrases(_PHRASES), phrases(_GREETINGS)
_LONGEST = max(len(phrase.split()) for phrase in _KNOWN)
