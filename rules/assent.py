"""Assent: "looks good", "ok go ahead", "nope" in a thread sound like a decision and are none; here they are heard."""

from __future__ import annotations

import re

from rules.small_talk import courteous, phrases, spoken, words_of

LONGEST_CHARACTERS = 200  # longer texts argue; nobody takes them for a verdict

#: A text that begins with one of these, courtesy aside, is meant as a verdict, whatever it goes on to say.
_VERDICTS = phrases("""
looks good|looks fine|looks ok|looks okay|looks right|looks great|looks correct|looking good|seems fine|seems good
this looks good|that looks good|it looks good|sounds good|sounds fine|lgtm|sgtm|this is fine|thats fine|that is fine
this is ok|thats ok|that is ok|fine by me|fine with me|ok by me|ok with me|okay with me|okay by me|good with me
ok from my side|okay from my side|fine from my side|good from my side|works for me|fine for me|ok for me|okay for me
go ahead|you can go ahead|you may go ahead|go for it|do it|ship it|proceed|you can proceed|ok to proceed|good to go
ok to go|green light|let it through|pay it|refund it|grant it|granted|permission granted|cleared|approve|approve it
approved|approving|i approve|id approve|i would approve|im approving|i am approving|its approved|it is approved
this is approved|thats approved|consider it approved|yes approved|agreed|i agree|agree|confirmed|i confirm|accepted
i accept|accept it|signed off|i sign off|no objection|no objections|i have no objections|nope|nah|no go|no way|not ok
not okay|not approved|absolutely not|certainly not|definitely not|reject|reject it|rejected|rejecting|i reject|deny
deny it|denied|decline|decline it|declined|i decline|refuse|refused|i refuse|veto|dont approve|do not approve
i dont approve|i do not approve|dont pay|do not pay|dont do it|do not do it|i disagree|disagree
genehmigt|ist genehmigt|ich genehmige|freigegeben|ich gebe frei|freigabe erteilt|einverstanden|geht klar
geht in ordnung|in ordnung|mach das|macht das|mach mal|sieht gut aus|passt so|passt für mich|ok für mich
von mir aus|für mich ok|stimme zu|ich stimme zu|bewilligt|abgelehnt|ich lehne ab|lehne ich ab|nicht genehmigt
nicht einverstanden|kommt nicht infrage|kommt nicht in frage|auf keinen fall
approuvé|approuvée|cest approuvé|validé|validée|cest validé|je valide|japprouve|cest bon|cest ok|ok pour moi
bon pour moi|vas y|allez y|feu vert|refusé|refusée|rejeté|rejetée|je refuse|je rejette|pas question|pas daccord
aprobado|aprobada|lo apruebo|apruebo|adelante|me parece bien|se ve bien|visto bueno|tiene mi visto bueno
rechazado|rechazada|lo rechazo|rechazo|denegado|denegada|de ninguna manera|no aprobado|no lo apruebo
approvato|approvata|approvo|lo approvo|procedi|procedi pure|procedete|va bene per me|per me va bene|per me ok
rifiutato|rifiutata|respinto|respinta|non approvato|non approvo
goedgekeurd|ik keur goed|ziet er goed uit|ga je gang|ga maar|doe maar|prima voor mij|akkoord voor mij|afgewezen
afgekeurd|niet akkoord|ik keur af|aprovado|aprovada|aprovo|eu aprovo|pode seguir|pode fazer|pode prosseguir
parece bom|rejeitado|rejeitada|recusado|recusada|negado|não aprovado|não aprovo
godkänt|godkänd|jag godkänner|ser bra ut|kör på|avslaget|avslås|godkendt|ser godt ud|afvist|godkjent|avslått|avvist
hyväksytty|hyväksyn|näyttää hyvältä|hylätty|hylkään|zatwierdzone|zatwierdzam|zgadzam się|wygląda dobrze|odrzucone
odrzucam|schváleno|schvaluji|souhlasím|vypadá dobře|zamítnuto|nesouhlasím|jóváhagyva|jóváhagyom|elutasítva
elutasítom|aprobat|aprob|arată bine|respins|nu aprob|onaylandı|onaylıyorum|uygundur|reddedildi|reddediyorum
одобрено|одобряю|согласовано|согласован|согласен|согласна|утверждаю|утверждено|отклонено|отклоняю|отказано
не согласен|не согласна|схвалено|схвалюю|погоджено|затверджую|відхилено|не погоджено|εγκρίνεται|εγκρίνω|εγκρίθηκε
απορρίπτεται|موافق|موافقة|تمت الموافقة|أوافق|مرفوض|أرفض|מאושר|מאשר|מאשרת|נדחה|स्वीकृत|मंज़ूर|अस्वीकृत
承認|承認します|承認しました|問題ありません|進めてください|却下|却下します|批准|已批准|同意|通过|可以|没问题|拒绝|不同意
승인|승인합니다|승인함|진행해주세요|거절|반려
""")
#: These are a verdict only where nothing else is said: "no" answers many a question, "ok" many a remark.
_BARE = phrases("""
yes|yep|yeah|yup|ok|okay|okey|k|sure|fine|alright|all right|all good|absolutely|definitely|certainly|no|thumb
ja|jawohl|klar|natürlich|gut|prima|passt|nein|nö|oui|non|daccord|ça marche|sí|vale|de acuerdo|sì|va bene|si|nee|akkoord
sim|não|tudo bem|da|nu|igen|nem|evet|hayır|tamam|olur|tak|nie|zgoda|ano|ne|joo|kyllä|ei|ok så|да|нет|ок|хорошо|так|ні
ναι|όχι|نعم|لا|כן|לא|हाँ|नहीं|はい|いいえ|是|是的|好|好的|不|不行|네|아니요
""")
_PLEASE = phrases("please|pls|bitte|svp|sil vous plaît|por favor|per favore|prego|graag|yes please")
#: Signs that stand for a yes or a no; skin tones follow them.
_SIGN = re.compile(
    r":(?:\+1|-1|thumbsup|thumbsdown|white_check_mark|heavy_check_mark|ballot_box_with_check|ok|ok_hand|x|no_entry"
    r"|no_entry_sign|negative_squared_cross_mark)(?:::skin-tone-\d)?:|[👍👎✅✔❌👌🆗]|(?<!\S)[+-]1(?!\S)"
)
_QUESTION = re.compile(r"[?？؟]")
_LONGEST = max(len(phrase.split()) for phrase in _VERDICTS | _BARE)


def assent(text: str) -> bool:
    """Whether a text sounds like a verdict, for or against, in any of some twenty languages; a question never does.

    What comes of it is a prompt to whoever may decide, so rather once too often than not at all. Linear: looks at 200
    characters.
    """
    said = text.strip()
    if len(said) > LONGEST_CHARACTERS or _QUESTION.search(said):
        return False
    said = spoken(_SIGN.sub(" thumb ", said))
    words = words_of(said)
    at, bare, polite = 0, False, False
    while at < len(words):
        if _phrase(words, at, _VERDICTS):
            return True
        if size := _phrase(words, at, _BARE):
            bare = True
        elif size := _phrase(words, at, _PLEASE):
            pass
        elif size := _courtesy(words, at):
            polite = True
        elif (at == 0 or polite) and words[at][0].isupper():
            size = 1  # whom it is said to
        else:
            return False
        at += size
    return bare and not polite and not any(character.isdigit() for character in said)


def _phrase(words: list[str], at: int, known: frozenset[str]) -> int:
    """How many words from `at` on are a known phrase, the longest; 0: none."""
    most = min(_LONGEST, len(words) - at)
    return next((n for n in range(most, 0, -1) if " ".join(words[at : at + n]).casefold() in known), 0)


def _courtesy(words: list[str], at: int) -> int:
    """How many words from `at` on are courtesy, the fewest, for a verdict may follow; 0: none."""
    most = min(_LONGEST, len(words) - at)
    return next((n for n in range(1, most + 1) if courteous(words[at : at + n])), 0)
