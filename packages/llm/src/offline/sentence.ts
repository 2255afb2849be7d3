/** What a user's message asks of the offline model. */
export type Sentence =
  | { readonly kind: 'remember'; readonly content: string }
  | { readonly kind: 'ask'; readonly agent: string; readonly question: string }
  | { readonly kind: 'recall'; readonly query: string }
  | { readonly kind: 'other' }

// Longer questions are cut from the front, because the question proper stands at the end.
const LONGEST_QUERY = 1000

const POLITE =
  /^(?:(?:hi|hello|hey)[,!.]?\s+(?=\S+\s+\S))?(?:please[,]?\s+|(?:can|could|would|will)\s+you\s+(?:please\s+)?)*/iu
const REMEMBER = /^(?:remember|memori[sz]e|note|keep\s+in\s+mind|don['’]?t\s+forget)(?:\s+that\s+|\s*:\s*)(.+)$/isu
const REMEMBER_BARE = /^(?:remember|memori[sz]e)\s(?!\s*(?:me|us)\b)(.+)$/isu
const ASK = /^ask\s+(?:the\s+)?(?:agent\s+)?@?([a-z0-9][a-z0-9_-]{0,62})\s*[:,：]\s*(.+)$/isu
const RECALL_LEADS = [
  /^what\s+(?:do|did)\s+you\s+(?:know|remember|hear|learn)\s+(?:about|of)\s+(.+)$/isu,
  /^what(?:\s+is|['’]s)\s+known\s+(?:about|of)\s+(.+)$/isu,
  /^what\s+(?:did|have)\s+(?:i|we|you)\s+(?:been\s+told|tell\s+you|told\s+you|say|said)\s+about\s+(.+)$/isu,
  /^what\s+does\s+(?:the|your)\s+memory\s+(?:say|hold|have)\s+(?:about|on)\s+(.+)$/isu,
  /^(?:tell\s+(?:me|us)\s+)?(?:all\s+|everything\s+)?(?:that\s+)?(?:what\s+)?you\s+(?:know|remember)\s+(?:about|of)\s+(.+)$/isu,
  /^tell\s+(?:me|us)\s+(?:all\s+|everything\s+|something\s+|more\s+)?about\s+(.+)$/isu,
  /^do\s+you\s+(?:know|remember|have)\s+(?:anything\s+|something\s+)?(?:about\s+|of\s+)?(.+)$/isu,
  /^(?:recall|look\s+up|search\s+(?:your\s+|the\s+)?memory\s+for)\s*:?\s+(.+)$/isu,
]
const ABOUT_ITSELF =
  /^(?:hi|hello|hey|who\s+are\s+you|what\s+are\s+you|what\s+can\s+you\s+do|how\s+are\s+you(?:\s+\S+)?|help|are\s+you\s+there|which\s+model\s+are\s+you|what\s+is\s+your\s+name)(?:\s+\S{1,20})?$/iu
// Greek asks with a semicolon.
const ENDS_AS_QUESTION = /(?:[?？؟\u037e՞]|\p{Script=Greek}\s*;)["'”’»)\]]*$/u
const END_MARKS = ' \n\t\r?？؟\u037e;՞!！.。…'
const STARTS_AS_QUESTION =
  /^(?:what|who|whom|whose|when|where|which|why|how|is|are|was|were|does|did|has|have)(?:['’]s)?\s+\S+\s+\S+/iu

/** Reads one message; only its plain sentence counts, never what it quotes further in. */
export function parseSentence(text: string): Sentence {
  const sentence = text.trim().replace(POLITE, '')
  const ask = ASK.exec(sentence)
  if (ask?.[1] !== undefined && ask[2] !== undefined) {
    return { kind: 'ask', agent: ask[1].toLowerCase(), question: ask[2].trim() }
  }
  const asks = ENDS_AS_QUESTION.test(sentence)
  const remember = REMEMBER.exec(sentence)?.[1] ?? (asks ? undefined : REMEMBER_BARE.exec(sentence)?.[1])
  if (remember !== undefined) return { kind: 'remember', content: remember.trim() }
  const bare = withoutEndMarks(sentence)
  if (bare === '' || ABOUT_ITSELF.test(bare)) return { kind: 'other' }
  for (const lead of RECALL_LEADS) {
    const subject = lead.exec(bare)?.[1]
    if (subject !== undefined) return { kind: 'recall', query: toQuery(subject) }
  }
  if (asks || STARTS_AS_QUESTION.test(sentence)) {
    return { kind: 'recall', query: toQuery(sentence) }
  }
  return { kind: 'other' }
}

/** A loop, because a pattern anchored at the end takes quadratic time on a long run of spaces in the middle. */
function withoutEndMarks(sentence: string): string {
  let end = sentence.length
  while (end > 0 && END_MARKS.includes(sentence.charAt(end - 1))) end -= 1
  return sentence.slice(0, end)
}

function toQuery(text: string): string {
  return [...text.trim()].slice(-LONGEST_QUERY).join('')
}
