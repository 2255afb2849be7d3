/** Facts and questions in other words about them: a small yardstick for the search, by spelling (no model is at hand). */
export const FACTS: readonly { readonly fact: string; readonly question: string }[] = [
  { fact: 'The orchid greenhouse alarm code is 7341.', question: 'What is the alarm code of the orchid greenhouse?' },
  {
    fact: 'Our payment service listens on port 8443 in production.',
    question: 'On which port does the payment service listen?',
  },
  {
    fact: 'Payments in the staging environment are processed by the sandbox of Adyen.',
    question: 'Who processes payments in staging?',
  },
  {
    fact: 'The backup generator starts every Tuesday at 06:30 for a test run.',
    question: 'When is the test of the backup generators?',
  },
  { fact: 'Backups of the customer database are kept for 35 days.', question: 'How long do we keep database backups?' },
  {
    fact: 'Maria Oliveira leads the data platform team since March.',
    question: 'Who is the leader of the data platform team?',
  },
  {
    fact: 'Tomasz is responsible for the billing team and its on-call rota.',
    question: 'Who is responsible for on-call in billing?',
  },
  {
    fact: 'The espresso machine on floor 3 must be descaled with citric acid, not vinegar.',
    question: 'How do I descale the espresso machine?',
  },
  { fact: 'The printer on floor 3 jams when duplex printing is on.', question: 'Why does the printer jam?' },
  { fact: 'Deployments are frozen from 20 December until 6 January.', question: 'When are deployments frozen?' },
  {
    fact: 'A rollback of a deployment takes about four minutes with the blue-green script.',
    question: 'How many minutes does a rollback take?',
  },
  {
    fact: 'The Kafka cluster in Frankfurt has five brokers with rack awareness.',
    question: 'How many brokers are in the Frankfurt cluster?',
  },
  {
    fact: 'The Kafka cluster in Dublin runs version 4.1 without ZooKeeper.',
    question: 'Which version of Kafka runs in Dublin?',
  },
  {
    fact: 'Customer Halvorsen AS wants invoices as PDF by mail, never by post.',
    question: 'How does Halvorsen want to get invoices?',
  },
  {
    fact: 'Customer Brightwater pays within 60 days after the invoice date.',
    question: 'What are the payment days of Brightwater?',
  },
  {
    fact: 'The vault root token is sealed in envelope 12 in the safe of the Zurich office.',
    question: 'Where is the sealed root token of the vault?',
  },
  { fact: 'The Zurich office closes at 18:00 on Fridays.', question: 'When does the office in Zurich close?' },
  {
    fact: 'Ticket prices for the museum rise to 14 euros in spring.',
    question: 'How much is a museum ticket in spring?',
  },
  {
    fact: 'The museum lends its telescopes only to members of the astronomy club.',
    question: 'Who can borrow a telescope from the museum?',
  },
  {
    fact: 'Our retry policy doubles the wait from 500 ms up to 30 seconds.',
    question: 'What is the longest wait of the retry policy?',
  },
  {
    fact: 'Rate limits for partners are 100 requests per minute per key.',
    question: 'How many requests per minute may partners send?',
  },
  {
    fact: 'Der Serverraum im Keller wird mit 19 Grad gekühlt.',
    question: 'Auf wie viel Grad wird der Serverraum gekühlt?',
  },
  { fact: 'Der Hausmeister heißt Jürgen Weiß und ist ab 7 Uhr da.', question: 'Wie heißt der Hausmeister?' },
  {
    fact: 'Le mot de passe du wifi invité est « tournesol-42 ».',
    question: 'Quel est le mot de passe du wifi pour les invités ?',
  },
  { fact: 'La reunión semanal de ventas es los lunes a las nueve.', question: '¿Cuándo es la reunión de ventas?' },
  { fact: 'Пароль от сейфа знает только бухгалтер Ольга.', question: 'Кто знает пароль от сейфа?' },
  { fact: '会议室的投影仪需要HDMI转接头。', question: '会议室的投影仪需要什么？' },
  { fact: '倉庫の鍵は受付の引き出しにあります。', question: '倉庫の鍵はどこですか？' },
  {
    fact: 'Ahoy the ship cat is fed at dawn with 80 grams of sardines 🐟.',
    question: 'What does the cat of the ship eat?',
  },
  {
    fact: 'The incident of 14 May was caused by an expired TLS certificate on the gateway.',
    question: 'What caused the May incident?',
  },
]
