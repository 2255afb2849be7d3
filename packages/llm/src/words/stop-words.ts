// The commonest words of a question that say nothing about its subject, by language, in folded spelling.
const ENGLISH =
  'a about above after again all also am an and any anybody anyone anything are as at be because been before being below ' +
  'between both but by can could did do does doing done down each else ever for from get give got had has have having he ' +
  'her here hers him his how i if in into is it its just know known let like may me might more most much must my no not ' +
  'now of off on once one only or other our out over own please said same say shall she should so some somebody someone ' +
  'something still such tell than that the their them then there these they thing things this those through to too under ' +
  'until up us very want was we were what whats when where whether which while who whom whose why will with would you your'
const GERMAN =
  'aber als am an auch auf aus bei bin bis bist da das dass dem den denn der des die dies diese dieser dir doch du durch ' +
  'ein eine einem einen einer eines er es fur hat haben hatte ich ihm ihn ihr im in ist ja kann kein keine man mein mich ' +
  'mir mit nach nein nicht noch nur oder sein sich sie sind so uber um und uns unser vom von vor wann war warum was weiss ' +
  'weisst welche welchem welchen welcher welches wem wen wenn wer werden wie wir wird wo woher wohin zu zum zur'
const FRENCH =
  'au aux avec ce ces cette comment dans de des du elle en est et etait eu il ils je la le les leur lui ma mais me mes moi ' +
  'mon ne nous on ou par pas pour pourquoi qu quand que quel quelle quelles quels qui quoi sa savez sais se ses son sont ' +
  'sur ta te tes toi ton tu un une vos votre vous'
const SPANISH_PORTUGUESE =
  'al como con cual cuando da das de del do dos donde e el ella em en era es esta estan este fue la las lo los mas me mi ' +
  'muy na no nos o onde os para pela pelo pero por porque qual quando que quem quien sabe sabes se ser seu son sua su sus te tu um uma un ' +
  'una unos y yo'
const ITALIAN_DUTCH =
  'che chi ci come con cosa cui dal dalla degli dei del della delle di dove e gli ho il io le lo nel nella non per perche ' +
  'piu quale quali quando quanto sei si sono sul sulla un una aan bij dat de deze die dit een en er het hij hoe ik in is ' +
  'je kan maar met mijn naar niet nog of om ook op over te tot van voor waar waarom wat we welk welke wie wij wordt ze zijn'
const CYRILLIC =
  'а без был быть в во вы где для до его ее и из или к как какая какие какои когда кто ли мне мы на не но о об он она они ' +
  'от по с со так то ты у что это я'

export const STOP_WORDS: ReadonlySet<string> = new Set(
  [ENGLISH, GERMAN, FRENCH, SPANISH_PORTUGUESE, ITALIAN_DUTCH, CYRILLIC].flatMap((words) => words.split(' ')),
)
